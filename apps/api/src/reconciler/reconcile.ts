import type { ReconcileState, Listed, SeparationIndex } from '@app/separation-store';
import type { SeparationQueue } from '@app/queue';
import {
  isSeparationId,
  objectKeys,
  parseStoredRequest,
  InvalidDocumentError,
  type SeparationId,
  type StoredRequest,
} from '@app/separations';
import type { ObjectStore } from '@app/storage';

export interface Stored {
  readonly request: StoredRequest;
  /** undefined while it is not completed */
  readonly completedAt: Date | undefined;
}

export type Reconciled =
  | {
      readonly id: SeparationId;
      readonly done: 'nothing' | 'queued again' | 'failure written';
      readonly stored: Stored;
    }
  | { readonly id: SeparationId; readonly done: 'no request' | 'unreadable request' };

/** Brings the queue and the index to what the store says of one separation. It may run twice. */
export class Reconciliation {
  constructor(
    private readonly store: ObjectStore,
    private readonly queue: SeparationQueue,
    private readonly index: SeparationIndex,
    private readonly upkeep: ReconcileState,
  ) {}

  /** The ids of all separations in the store. */
  async *ids(signal: AbortSignal): AsyncGenerator<SeparationId> {
    for await (const name of this.store.listFolders(objectKeys.separationsPrefix, { signal })) {
      if (isSeparationId(name)) yield name;
    }
  }

  /** Of these, those that the store must be asked about: what has ended, or has a job and is in a list, is well. */
  async needed(ids: readonly SeparationId[]): Promise<SeparationId[]> {
    const { unlisted, open } = await this.upkeep.unsettled(ids);
    const jobs = await this.queue.states(open.filter((id) => !unlisted.has(id)));
    const withoutJob = new Set(open.filter((id) => !jobs.has(id)));
    return ids.filter((id) => unlisted.has(id) || withoutJob.has(id));
  }

  /** Takes off the list what the look did not find, unless it was accepted since. */
  async unlistMissing({ id, owner }: Listed, signal: AbortSignal): Promise<void> {
    const request = await this.store.head(objectKeys.request(id), { signal });
    if (request === undefined) await this.index.remove(owner, id);
  }

  async reconcile(id: SeparationId, signal: AbortSignal): Promise<Reconciled> {
    // the job is asked first: one that ends right after this has its manifest by the time the store is asked
    const job = await this.queue.state(id);
    const stored = await this.read(id, signal);
    const endedAt = typeof stored === 'string' ? undefined : endOf(stored);
    await (endedAt === undefined ? this.upkeep.markOpen(id) : this.upkeep.markEnded(id, endedAt));
    if (stored === 'no request' || stored === 'unreadable request') return { id, done: stored };
    const { request, completedAt } = stored;
    await this.index.add(request.owner, id, request.createdAt);
    if (job !== undefined || endedAt !== undefined) return { id, done: 'nothing', stored };
    const failure = await this.queue.failure(id);
    if (failure !== undefined) {
      const outcome = { state: 'failed', at: new Date().toISOString(), failure } as const;
      await this.store.putText(objectKeys.request(id), JSON.stringify({ ...request, outcome }), { signal });
      return { id, done: 'failure written', stored: { request: { ...request, outcome }, completedAt } };
    }
    await this.queueAgain(request, signal);
    return { id, done: 'queued again', stored };
  }

  private async queueAgain(request: StoredRequest, signal: AbortSignal): Promise<void> {
    const { id, requestId, model, durationSeconds, createdAt } = request;
    await this.queue.enqueue({ id, requestId, model, durationSeconds, createdAt });
    // cancelled or removed while we queued it
    const now = await this.read(id, signal);
    if (typeof now === 'string' || endOf(now) !== undefined) await this.queue.remove(id);
  }

  private async read(id: SeparationId, signal: AbortSignal): Promise<Stored | 'no request' | 'unreadable request'> {
    const text = await this.store.getText(objectKeys.request(id), { signal });
    if (text === undefined) return 'no request';
    const manifest = await this.store.head(objectKeys.manifest(id), { signal });
    try {
      return { request: parseStoredRequest(text), completedAt: manifest?.modifiedAt };
    } catch (error) {
      if (error instanceof InvalidDocumentError || error instanceof SyntaxError) return 'unreadable request';
      throw error;
    }
  }
}

/** When it was completed, cancelled or failed; undefined while it is open. */
export function endOf({ request, completedAt }: Stored): Date | undefined {
  if (completedAt !== undefined || request.outcome.state === 'accepted') return completedAt;
  return new Date(request.outcome.at);
}
