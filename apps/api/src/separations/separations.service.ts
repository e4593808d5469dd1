import { Injectable, Logger } from '@nestjs/common';
import { CancelSignals, SeparationQueue } from '@app/queue';
import { SeparationIndex } from '@app/separation-store';
import { isTerminal, objectKeys, type Separation, type StoredRequest } from '@app/separations';
import { ObjectStore } from '@app/storage';
import { SeparationAccess } from '../access/separation-access.js';
import { fromQueue, fromStore } from '../problems/outages.js';
import { untilIdle } from './until-idle.js';
import { withTimeout } from '@app/concurrency';
import { storageUnavailable } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { SeparationReader } from './separation-reader.js';
import type { ListQuery } from './separations.dto.js';

/** entries of the index that one call with a status filter looks at; the cursor goes on from there */
const LOOKED_AT = 500;

/** removing every object of a separation is many calls to the store, ms */
const REMOVAL_MS = 30_000;

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
    private readonly store: ObjectStore,
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
      throw new ProblemError('already_finished', `The separation is ${view.status} already.`);
    }
    const { request } = stored;
    await fromQueue(() => this.cancels.request(request.id));
    await this.write({ ...request, outcome: { state: 'cancelled', at: new Date().toISOString() } });
    await fromQueue(() => this.queue.remove(request.id));
    this.access.forget(request.id);
    this.logger.log('separation cancelled', { separationId: request.id });
    return this.get(id, owner);
  }

  /** The request goes first: what is left of a removal that broke off is nobody's, and is swept. */
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
    await fromStore((signal) => this.store.remove(objectKeys.request(request.id), { signal }));
    this.access.forget(request.id);
    await withTimeout(REMOVAL_MS, (signal) => this.store.removeAll(objectKeys.separation(request.id), { signal }), {
      onTimeout: storageUnavailable,
    });
    await fromQueue(() => this.index.remove(owner, request.id));
    this.logger.log('separation removed', { separationId: request.id });
  }

  private async write(request: StoredRequest): Promise<void> {
    await fromStore((signal) =>
      this.store.putText(objectKeys.request(request.id), JSON.stringify(request), { signal }),
    );
  }
}
