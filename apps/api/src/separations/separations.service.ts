import { Injectable, Logger } from '@nestjs/common';
import { CancelSignals, JobEvents, SeparationQueue } from '@app/queue';
import { SeparationIndex, SeparationStore } from '@app/separation-store';
import {
  isTerminal,
  type OwnEdit,
  type Separation,
  type SeparationPage,
  type SeparationSummary,
} from '@app/separations';
import { SeparationAccess, separationNotFound } from '../access/separation-access.js';
import { fromQueue } from '../problems/outages.js';
import { untilIdle } from './until-idle.js';
import { ProblemError } from '../problems/problem.error.js';
import { SeparationReader } from './separation-reader.js';
import type { ListQuery } from './separations.dto.js';

/** index entries that one filtered call looks at; the cursor continues from there */
const LOOKED_AT = 500;

export interface Cancel {
  readonly separation: Separation;
  /** false when it had been cancelled before */
  readonly isNew: boolean;
}

export interface Edited {
  readonly separation: Separation;
  /** false when everything was so before */
  readonly isChanged: boolean;
}

@Injectable()
export class SeparationsService {
  private readonly logger = new Logger('separations');

  constructor(
    private readonly access: SeparationAccess,
    private readonly reader: SeparationReader,
    private readonly store: SeparationStore,
    private readonly queue: SeparationQueue,
    private readonly cancels: CancelSignals,
    private readonly events: JobEvents,
    private readonly index: SeparationIndex,
  ) {}

  async get(id: string, owner: string | null): Promise<Separation> {
    return this.reader.view(await this.access.load(id, owner));
  }

  /** Newest first. Filtered pages may be short: only a null cursor means that there are no more. */
  async list(owner: string | null, { status, limit, cursor }: ListQuery): Promise<SeparationPage> {
    const separations: SeparationSummary[] = [];
    let next: string | null = cursor ?? null;
    let lookedAt = 0;
    do {
      const from: string | null = next;
      const page = await fromQueue(() => this.index.page(owner, from, limit - separations.length));
      const views = await this.reader.views(page.ids, owner);
      separations.push(...views.filter((view) => status === undefined || view.status === status).map(summaryOf));
      lookedAt += page.ids.length;
      next = page.nextCursor;
    } while (next !== null && separations.length < limit && lookedAt < LOOKED_AT);
    return { separations, nextCursor: next };
  }

  /**
   * Tells the worker first, then the store: a cancel that cannot be sent is not recorded either. A second cancel changes
   * nothing.
   */
  async cancel(id: string, owner: string | null): Promise<Cancel> {
    const stored = await this.access.loadFresh(id, owner);
    const view = await this.reader.view(stored);
    const { request } = stored;
    if (view.status === 'cancelled') {
      // the first cancel may have been stored, and then lost Redis
      await this.access.changed(request.id);
      return { separation: view, isNew: false };
    }
    if (isTerminal(view.status)) throw alreadyFinished(view.status);
    await fromQueue(() => this.cancels.request(request.id));
    await this.store.cancel(request);
    await fromQueue(() => this.queue.remove(request.id));
    await this.access.changed(request.id);
    const now = await this.get(id, owner);
    // it was completed or failed first
    if (now.status !== 'cancelled') throw alreadyFinished(now.status);
    return { separation: now, isNew: true };
  }

  /** Sets what is the owner's own. Says so again where nothing changes: the first call may have lost Redis. */
  async edit(id: string, owner: string | null, edit: OwnEdit): Promise<Edited> {
    const { request } = await this.access.loadFresh(id, owner);
    const outcome = await this.store.edit(request.id, edit);
    if (outcome === 'removed') throw separationNotFound();
    if (outcome === 'unreadable') {
      const detail = 'The record of this separation cannot be read. Send the song again, or delete the separation.';
      throw new ProblemError('record_damaged', detail);
    }
    await this.access.changed(request.id);
    await fromQueue(() => this.events.tellEdited(request.id));
    return { separation: await this.get(id, owner), isChanged: outcome === 'changed' };
  }

  async remove(id: string, owner: string | null): Promise<void> {
    const stored = await this.access.loadFresh(id, owner);
    const view = await this.reader.view(stored);
    if (!isTerminal(view.status)) {
      throw new ProblemError('still_active', 'The separation has not ended. Cancel it first.');
    }
    const { request } = stored;
    // a worker may still be letting go of a cancelled job
    if (!(await untilIdle(this.queue, request.id))) {
      throw new ProblemError('still_active', 'Its worker is still stopping. Try again in a moment.', {
        retryAfterSeconds: 1,
      });
    }
    await fromQueue(() => this.queue.remove(request.id));
    await this.store.remove(request);
    await this.access.changed(request.id);
  }
}

function summaryOf(separation: Separation): SeparationSummary {
  return Object.fromEntries(Object.entries(separation).filter(([name]) => name !== 'receipt')) as SeparationSummary;
}

function alreadyFinished(status: Separation['status']): ProblemError {
  return new ProblemError('already_finished', `The separation is already ${status}.`);
}
