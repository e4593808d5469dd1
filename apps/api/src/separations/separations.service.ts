import { Injectable, Logger } from '@nestjs/common';
import { CancelSignals, SeparationQueue } from '@app/queue';
import { SeparationIndex, SeparationStore } from '@app/separation-store';
import { isTerminal, type Separation } from '@app/separations';
import { SeparationAccess } from '../access/separation-access.js';
import { fromQueue } from '../problems/outages.js';
import { untilIdle } from './until-idle.js';
import { ProblemError } from '../problems/problem.error.js';
import { SeparationReader } from './separation-reader.js';
import type { ListQuery } from './separations.dto.js';

/** entries of the index that one call with a status filter looks at; the cursor goes on from there */
const LOOKED_AT = 500;

export interface Page {
  readonly separations: readonly Separation[];
  readonly nextCursor: string | null;
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
    private readonly index: SeparationIndex,
  ) {}

  async get(id: string, owner: string | null): Promise<Separation> {
    return this.reader.view(await this.access.load(id, owner));
  }

  /** Newest first. With a status the pages may be short; only a null cursor means that there is no more. */
  async list(owner: string | null, { status, limit, cursor }: ListQuery): Promise<Page> {
    const separations: Separation[] = [];
    let next: string | null = cursor ?? null;
    let lookedAt = 0;
    do {
      const from: string | null = next;
      const page = await fromQueue(() => this.index.page(owner, from, limit - separations.length));
      const views = await this.reader.views(page.ids);
      separations.push(...views.filter((view) => status === undefined || view.status === status));
      lookedAt += page.ids.length;
      next = page.nextCursor;
    } while (next !== null && separations.length < limit && lookedAt < LOOKED_AT);
    return { separations, nextCursor: next };
  }

  /** Its worker is told first, then the store: a cancel that could not be told is not written down either. */
  async cancel(id: string, owner: string | null): Promise<Separation> {
    const stored = await this.access.loadFresh(id, owner);
    const view = await this.reader.view(stored);
    if (isTerminal(view.status)) {
      throw alreadyFinished(view.status);
    }
    const { request } = stored;
    await fromQueue(() => this.cancels.request(request.id));
    await this.store.cancel(request.id);
    await fromQueue(() => this.queue.remove(request.id));
    this.access.forget(request.id);
    const now = await this.get(id, owner);
    // its worker, or its last attempt, was quicker
    if (now.status !== 'cancelled') throw alreadyFinished(now.status);
    this.logger.log('separation cancelled', { separationId: request.id });
    return now;
  }

  async remove(id: string, owner: string | null): Promise<void> {
    const stored = await this.access.loadFresh(id, owner);
    const view = await this.reader.view(stored);
    if (!isTerminal(view.status)) {
      throw new ProblemError('still_active', 'The separation has not ended yet: cancel it first.');
    }
    const { request } = stored;
    // a cancelled job may still be on its way out of a worker
    if (!(await untilIdle(this.queue, request.id))) {
      throw new ProblemError('still_active', 'Its worker is just ending; try again in a moment.', {
        retryAfterSeconds: 1,
      });
    }
    await fromQueue(() => this.queue.remove(request.id));
    await this.store.remove(request);
    this.access.forget(request.id);
    this.logger.log('separation removed', { separationId: request.id });
  }
}

function alreadyFinished(status: Separation['status']): ProblemError {
  return new ProblemError('already_finished', `The separation is ${status} already.`);
}
