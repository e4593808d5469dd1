import { jobOf, type QueueShares, type SeparationQueue } from '@app/queue';
import {
  endingOf,
  type Listed,
  type ReconcileState,
  type SeparationIndex,
  type SeparationStore,
  type StoredSeparation,
} from '@app/separation-store';
import type { SeparationId, StoredRequest } from '@app/separations';

import { clientName } from '../access/client.js';
import type { KeyRing } from '../access/key-ring.js';
import type { Announcer } from '../webhooks/announcer.js';

/** nobody waits for an answer, ms */
const READ_TIMEOUT_MS = 10_000;

export type Reconciled =
  | { readonly done: 'nothing' | 'queued again' | 'failure written'; readonly stored: StoredSeparation }
  | { readonly done: 'no request' };

/** Brings the queue and the index in line with the store, one separation at a time. It may run twice. */
export class Reconciliation {
  constructor(
    private readonly store: SeparationStore,
    private readonly queue: SeparationQueue,
    private readonly shares: QueueShares,
    private readonly index: SeparationIndex,
    private readonly state: ReconcileState,
    private readonly keys: Pick<KeyRing, 'weightOf'>,
    private readonly announcer: Pick<Announcer, 'announce'>,
  ) {}

  /** Of these, the ones to look up in the store: all but those that are listed and have ended or have a job. */
  async needed(ids: readonly SeparationId[]): Promise<SeparationId[]> {
    const { unlisted, open } = await this.state.unsettled(ids);
    const jobs = await this.queue.states(open.filter((id) => !unlisted.has(id)));
    const withoutJob = new Set(open.filter((id) => !jobs.has(id)));
    return ids.filter((id) => unlisted.has(id) || withoutJob.has(id));
  }

  /** Takes an entry that the scan did not find off the list, unless it was accepted since. */
  async unlistMissing({ id, owner }: Listed, signal: AbortSignal): Promise<void> {
    if (!(await this.store.has(id, { signal, timeoutMs: READ_TIMEOUT_MS }))) await this.index.remove(owner, id);
  }

  async reconcile(id: SeparationId, signal: AbortSignal): Promise<Reconciled> {
    // the job first: one that ends right after this has its manifest by the time the store is read
    const job = await this.queue.state(id);
    const stored = await this.read(id, signal);
    const ending = stored && endingOf(stored);
    // before the end is noted: what is known as ended is not read again
    if (stored !== undefined && ending !== undefined) await this.announcer.announce(stored);
    await (ending === undefined ? this.state.markOpen(id) : this.state.markEnded(id, new Date(ending.at)));
    if (stored === undefined) return { done: 'no request' };
    const { request } = stored;
    await this.index.add(request.owner, id, request.createdAt, request);
    if (job !== undefined || ending !== undefined) return { done: 'nothing', stored };
    const failure = await this.queue.failure(id);
    if (failure !== undefined) {
      await this.store.fail(request, failure);
      return { done: 'failure written', stored };
    }
    if (!this.queue.takes(request.model)) {
      const message = `no pool of workers has the model ${request.model}`;
      await this.store.fail(request, { code: 'model_not_installed', message });
      return { done: 'failure written', stored };
    }
    await this.queueAgain(request, signal);
    return { done: 'queued again', stored };
  }

  private async queueAgain(request: StoredRequest, signal: AbortSignal): Promise<void> {
    const { id, owner } = request;
    // without keys, the address of the client is not known any longer
    if (owner !== null) await this.shares.add(clientName(owner, undefined), id);
    await this.queue.enqueue(jobOf(request, (client) => this.keys.weightOf(client)));
    // cancelled or removed meanwhile
    const current = await this.read(id, signal);
    if (current === undefined || endingOf(current) !== undefined) await this.queue.remove(id);
  }

  private read(id: SeparationId, signal: AbortSignal): Promise<StoredSeparation | undefined> {
    return this.store.find(id, { signal, timeoutMs: READ_TIMEOUT_MS, isForWork: true });
  }
}
