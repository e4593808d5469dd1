import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { JobEvents, ListenSignals, PreviewBoard } from '@app/queue';
import { isTerminal, type Separation, type SeparationId } from '@app/separations';
import type { Response } from 'express';
import { SeparationAccess } from '../access/separation-access.js';
import { toProblem } from '../problems/to-problem.js';
import { SeparationReader } from '../separations/separation-reader.js';
import { clientGone } from '../context/client-gone.js';
import { EventStream } from './event-stream.js';
import { PreviewFeed } from './preview-feed.js';
import { ChangeWaiter } from './change-waiter.js';
import { StreamCounts } from './stream-counts.js';

const HEARTBEAT_MS = 15_000;

/** queue events may get lost, so the state is polled as well */
const POLL_EVERY_MS = 5000;

/** progress comes in bursts; only the last state skips this gap */
const MIN_GAP_MS = 200;

/** Who follows a separation. */
export interface Viewer {
  /** name of the key, or null without keys */
  readonly owner: string | null;
  /** counts streams */
  readonly client: string;
  readonly isRevoked: (() => boolean) | undefined;
  /** wants to hear it while it is separated */
  readonly isListening: boolean;
}

@Injectable()
export class SeparationEventsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('events');
  private readonly counts = new StreamCounts();
  private readonly ending = new AbortController();

  constructor(
    private readonly access: SeparationAccess,
    private readonly reader: SeparationReader,
    private readonly jobs: JobEvents,
    private readonly listeners: ListenSignals,
    private readonly board: PreviewBoard,
  ) {}

  get open(): number {
    return this.counts.total;
  }

  /**
   * Streams the states of a separation until it ends, the client disconnects, its key is revoked, or the server shuts
   * down.
   * @param lastEventId the last status that a reconnecting client saw
   */
  async stream(id: string, viewer: Viewer, response: Response, lastEventId: string | undefined): Promise<void> {
    const first = await this.reader.view(await this.access.load(id, viewer.owner));
    if (isTerminal(first.status) && lastEventId === first.status) {
      // browsers reconnect after every end; only 204 stops them
      response.status(204).end();
      return;
    }
    const release = this.counts.enter(viewer.client);
    const done = new AbortController();
    const signal = AbortSignal.any([clientGone(response), done.signal, this.ending.signal]);
    const stream = new EventStream(response, signal);
    try {
      stream.open();
      // HEAD has no body to wait for
      if (response.req.method === 'GET') await this.follow(stream, first, viewer, signal);
    } catch (error) {
      if (!signal.aborted) this.logger.warn(`event stream failed: ${String(error)}`, { separationId: id });
    } finally {
      done.abort();
      release();
      stream.close();
    }
  }

  beforeApplicationShutdown(): void {
    this.ending.abort();
  }

  private async follow(stream: EventStream, first: Separation, viewer: Viewer, signal: AbortSignal): Promise<void> {
    const changes = new ChangeWaiter(this.jobs.changes(first.id, signal));
    let current = first;
    const preview = viewer.isListening ? new PreviewFeed(first.id, this.listeners, this.board) : undefined;
    let beatAt = performance.now() + HEARTBEAT_MS;
    await stream.event('state', current, current.status);
    while (!isTerminal(current.status)) {
      // after every wait: nothing is sent to a revoked key
      if (viewer.isRevoked?.() === true) return;
      const next = await this.poll(first.id, viewer.owner);
      const news = await preview?.news();
      if (news !== undefined) await stream.event('preview', news);
      if (next !== undefined && JSON.stringify(next) !== JSON.stringify(current)) {
        current = next;
        await stream.event('state', current, current.status);
        // the last state is sent without delay
        if (!isTerminal(current.status)) await changes.end(MIN_GAP_MS, signal);
      } else {
        await changes.next(POLL_EVERY_MS, signal);
      }
      if (performance.now() < beatAt) continue;
      await stream.heartbeat();
      beatAt = performance.now() + HEARTBEAT_MS;
    }
  }

  /** Returns undefined while Redis or the store is away: the stream stays open and continues later. */
  private async poll(id: SeparationId, owner: string | null): Promise<Separation | undefined> {
    try {
      return await this.reader.view(await this.access.load(id, owner));
    } catch (error) {
      if (toProblem(error).status === 503) return undefined;
      throw error;
    }
  }
}
