import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { JobEvents } from '@app/queue';
import { isTerminal, type Separation, type SeparationId } from '@app/separations';
import type { Response } from 'express';
import { SeparationAccess } from '../access/separation-access.js';
import { toProblem } from '../problems/to-problem.js';
import { SeparationReader } from '../separations/separation-reader.js';
import { clientGone } from '../uploads/client-gone.js';
import { EventStream } from './event-stream.js';
import { Changes } from './changes.js';
import { StreamCounts } from './stream-counts.js';

const HEARTBEAT_MS = 15_000;

/** an event of the queue may get lost, so the state is looked at this often without one, ms */
const LOOK_EVERY_MS = 5000;

/** progress comes in bursts; more states help nobody, but the last one does not wait */
const SHORTEST_GAP_MS = 200;

@Injectable()
export class SeparationEventsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('events');
  private readonly counts = new StreamCounts();
  private readonly ending = new AbortController();

  constructor(
    private readonly access: SeparationAccess,
    private readonly reader: SeparationReader,
    private readonly jobs: JobEvents,
  ) {}

  get open(): number {
    return this.counts.total;
  }

  /**
   * Streams the states of a separation until it has ended, the client goes, or the server ends.
   * @param lastEventId of a client that connects again: the name of the last state it saw
   */
  async stream(
    id: string,
    owner: string | null,
    client: string,
    response: Response,
    lastEventId: string | undefined,
  ): Promise<void> {
    const first = await this.reader.view(await this.access.load(id, owner));
    if (isTerminal(first.status) && lastEventId === first.status) {
      // a browser connects again after every end; only 204 tells it that there is no more to come
      response.status(204).end();
      return;
    }
    const leave = this.counts.enter(client);
    const over = new AbortController();
    const signal = AbortSignal.any([clientGone(response), over.signal, this.ending.signal]);
    const stream = new EventStream(response, signal);
    try {
      stream.open();
      await this.follow(stream, first, owner, signal);
    } catch (error) {
      if (!signal.aborted) this.logger.warn(`an event stream broke off: ${String(error)}`, { separationId: id });
    } finally {
      over.abort();
      leave();
      stream.close();
    }
  }

  beforeApplicationShutdown(): void {
    this.ending.abort();
  }

  private async follow(
    stream: EventStream,
    first: Separation,
    owner: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const changes = new Changes(this.jobs.changes(first.id, signal));
    let current = first;
    let beatAt = performance.now() + HEARTBEAT_MS;
    await stream.event('state', current.status, current);
    while (!isTerminal(current.status)) {
      const next = await this.look(first.id, owner);
      if (next !== undefined && JSON.stringify(next) !== JSON.stringify(current)) {
        current = next;
        await stream.event('state', current.status, current);
        // nothing follows the last one, and its client waits for it
        if (!isTerminal(current.status)) await changes.end(SHORTEST_GAP_MS, signal);
      } else {
        await changes.next(LOOK_EVERY_MS, signal);
      }
      if (performance.now() < beatAt) continue;
      await stream.heartbeat();
      beatAt = performance.now() + HEARTBEAT_MS;
    }
  }

  /** undefined while the queue or the store is away: the stream stays open and goes on when they are back */
  private async look(id: SeparationId, owner: string | null): Promise<Separation | undefined> {
    try {
      return await this.reader.view(await this.access.load(id, owner));
    } catch (error) {
      if (toProblem(error).status === 503) return undefined;
      throw error;
    }
  }
}
