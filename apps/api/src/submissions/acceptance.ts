import { Injectable, Logger } from '@nestjs/common';
import type { AudioFacts } from '@app/audio';
import { isAccepted, SeparationIndex, SeparationStore, separationId } from '@app/separation-store';
import { jobOf, QueueShares, SeparationQueue } from '@app/queue';
import { annotateSpan, inSpan, traceparent } from '@app/tracing';
import type { Priority, Separation, SeparationId, SeparationIdentity, StoredRequest } from '@app/separations';
import { KeyRing } from '../access/key-ring.js';
import { SeparationAccess } from '../access/separation-access.js';
import { KeyedMutex } from '@app/concurrency';
import { fromQueue } from '../problems/outages.js';
import { untilIdle } from '../separations/until-idle.js';
import { ProblemError } from '../problems/problem.error.js';
import { UNNAMED } from '../uploads/display-name.js';
import { SeparationReader } from '../separations/separation-reader.js';

export interface Candidate extends SeparationIdentity, Pick<StoredRequest, 'requestId' | 'fileName' | 'formats'> {
  readonly client: string;
  readonly priority: Priority;
  readonly stagingKey: string;
  readonly bytes: number;
}

type Revision = Pick<StoredRequest, 'fileName'> & Partial<Pick<StoredRequest, 'priority'>>;

/**
 * Accepted means: the input and the request are stored *and* the job is queued.
 * If queueing fails, the client gets 503 and the stored request stays: an equal upload may just have been accepted.
 * The reconciler or the client's next try queues the same separation.
 */
@Injectable()
export class Acceptance {
  private readonly logger = new Logger('submissions');
  private readonly mutex = new KeyedMutex();

  constructor(
    private readonly access: SeparationAccess,
    private readonly reader: SeparationReader,
    private readonly store: SeparationStore,
    private readonly queue: SeparationQueue,
    private readonly shares: QueueShares,
    private readonly index: SeparationIndex,
    private readonly keys: KeyRing,
  ) {}

  /**
   * @param caller see `callerOf`
   * @param inspect called only for a song that is not accepted yet
   * @throws ProblemError busy if a worker still has an earlier, cancelled run
   */
  async accept(candidate: Candidate, caller: string, inspect: () => Promise<AudioFacts>): Promise<Separation> {
    const id = separationId(candidate);
    return this.mutex.run(id, async () => {
      this.access.forget(id);
      const known = await this.access.find(id);
      let request = known !== undefined && isAccepted(known) ? known.request : undefined;
      if (known?.manifest === undefined) {
        request ??= await this.storeRequest(id, candidate, inspect);
        await this.queueUp({ ...request, ...revisionOf(request, candidate) }, caller);
      }
      const revision = request && revisionOf(request, candidate);
      if (request !== undefined && revision !== undefined) await this.store.revise(request, revision);
      await this.access.changed(id);
      return this.reader.view(await this.access.load(id, candidate.owner));
    });
  }

  private async storeRequest(
    id: SeparationId,
    candidate: Candidate,
    inspect: () => Promise<AudioFacts>,
  ): Promise<StoredRequest> {
    const { stagingKey, bytes, ...rest } = candidate;
    const facts = await inspect();
    // the job of an earlier, cancelled run must be gone, or the new job would be dropped as a duplicate
    const isIdle = await untilIdle(this.queue, id);
    // another server may have accepted the same song meanwhile, and that run is not an earlier one
    this.access.forget(id);
    const known = await this.access.find(id);
    if (known !== undefined && isAccepted(known)) return known.request;
    if (!isIdle) {
      const detail = 'A worker is still stopping an earlier run of this song. Try again in a moment.';
      throw new ProblemError('busy', detail, { retryAfterSeconds: 1 });
    }
    // a job that waits or has failed would be kept, with the cancel or the failure of its run
    await fromQueue(() => this.queue.remove(id));
    const request: StoredRequest = {
      ...rest,
      id,
      createdAt: new Date().toISOString(),
      inputExtension: facts.extension,
      inputBytes: bytes,
      durationSeconds: facts.durationSeconds,
      outcome: { state: 'accepted' },
    };
    return inSpan('store song', {}, () => this.store.accept(request, stagingKey));
  }

  /** also for an accepted separation: its job may have been lost, and a live one is kept */
  private async queueUp(request: StoredRequest, caller: string): Promise<void> {
    const { id, model, durationSeconds, createdAt, owner } = request;
    annotateSpan({ 'separation.id': id, 'separation.model': model, 'song.seconds': durationSeconds });
    await fromQueue(() => this.shares.add(caller, id));
    await inSpan('enqueue', { kind: 'producer' }, () => {
      const job = jobOf(request, (client) => this.keys.weightOf(client), traceparent());
      return fromQueue(() => this.queue.enqueue(job));
    });
    try {
      await fromQueue(() => this.index.add(owner, id, createdAt, request));
    } catch (error) {
      // it is accepted all the same; the reconciler adds it to the list
      this.logger.warn(`not listed yet: ${error instanceof Error ? error.message : String(error)}`, {
        separationId: id,
      });
    }
    this.logger.log('separation accepted', { separationId: id, model, durationSeconds });
  }
}

/** What an equal upload changes: the name that its owner gave it last, and the priority if that is higher now. */
function revisionOf(request: StoredRequest, { fileName, priority }: Candidate): Revision | undefined {
  const isRaised = request.priority === 'low' && priority === 'normal';
  const name = fileName === UNNAMED ? request.fileName : fileName;
  if (name === request.fileName && !isRaised) return undefined;
  return { fileName: name, ...(isRaised && { priority }) };
}
