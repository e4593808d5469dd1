import { Injectable, Logger } from '@nestjs/common';
import type { AudioFacts } from '@app/audio';
import { ReconcileState, SeparationIndex, separationId } from '@app/separation-store';
import { SeparationQueue } from '@app/queue';
import {
  objectKeys,
  type Separation,
  type SeparationId,
  type SeparationIdentity,
  type StoredRequest,
} from '@app/separations';
import { ObjectStore } from '@app/storage';
import { SeparationAccess, type StoredSeparation } from '../access/separation-access.js';
import { KeyedMutex, withTimeout } from '@app/concurrency';
import { fromQueue, fromStore } from '../problems/outages.js';
import { untilIdle } from '../separations/until-idle.js';
import { storageUnavailable } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { SeparationReader } from '../separations/separation-reader.js';
import { isOpen } from '../separations/separation-view.js';

export interface Candidate extends SeparationIdentity, Pick<StoredRequest, 'requestId' | 'fileName' | 'formats'> {
  readonly stagingKey: string;
  readonly bytes: number;
}

/** a copy within the store of the largest song, ms */
const COPY_MS = 60_000;

/**
 * Rule 1: accepted means that the input and the request are stored *and* the job is queued.
 * Where queueing fails the client is told 503 and the stored request stays: to take it back could take away what an
 * equal upload was promised a moment ago, and the reconciler or the client's next try queues the same separation.
 */
@Injectable()
export class Acceptance {
  private readonly logger = new Logger('submissions');
  private readonly mutex = new KeyedMutex();

  constructor(
    private readonly access: SeparationAccess,
    private readonly reader: SeparationReader,
    private readonly store: ObjectStore,
    private readonly queue: SeparationQueue,
    private readonly index: SeparationIndex,
    private readonly upkeep: ReconcileState,
  ) {}

  /**
   * @param inspect is called only for a song that is not accepted yet
   * @throws ProblemError busy, where a worker has not let go of an earlier, cancelled run
   */
  async accept(candidate: Candidate, inspect: () => Promise<AudioFacts>): Promise<Separation> {
    const id = separationId(candidate);
    return this.mutex.run(id, async () => {
      this.access.forget(id);
      const known = await this.access.find(id);
      const request = known !== undefined && isAccepted(known) ? known.request : undefined;
      if (known?.manifest === undefined)
        await this.queueUp(request ?? (await this.storeRequest(id, candidate, inspect)));
      this.access.forget(id);
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
    // a job of an earlier, cancelled run must be gone, or the new one is taken for it and dropped
    const isIdle = await untilIdle(this.queue, id);
    // another rest-server may have accepted the same song meanwhile
    this.access.forget(id);
    const known = await this.access.find(id);
    if (known !== undefined && isAccepted(known)) return known.request;
    if (!isIdle) {
      const detail = 'A worker is just ending an earlier run of this song; try again in a moment.';
      throw new ProblemError('busy', detail, { retryAfterSeconds: 1 });
    }
    await withTimeout(
      COPY_MS,
      (signal) => this.store.copy(stagingKey, objectKeys.input(id, facts.extension), { signal }),
      { onTimeout: storageUnavailable },
    );
    const request: StoredRequest = {
      ...rest,
      id,
      createdAt: new Date().toISOString(),
      inputExtension: facts.extension,
      inputBytes: bytes,
      durationSeconds: facts.durationSeconds,
      outcome: { state: 'accepted' },
    };
    // before it is stored: the reconciler skips what it takes for ended
    await fromQueue(() => this.upkeep.markOpen(id));
    await fromStore((signal) => this.store.putText(objectKeys.request(id), JSON.stringify(request), { signal }));
    return request;
  }

  /** also for one that is accepted already: the job may have been lost, and a live one is kept */
  private async queueUp({ id, requestId, model, durationSeconds, createdAt, owner }: StoredRequest): Promise<void> {
    await fromQueue(() => this.queue.enqueue({ id, requestId, model, durationSeconds, createdAt }));
    try {
      await fromQueue(() => this.index.add(owner, id, createdAt));
    } catch (error) {
      // it is accepted all the same, and the reconciler puts it into the list
      this.logger.warn(`not in the list yet: ${error instanceof Error ? error.message : String(error)}`, {
        separationId: id,
      });
    }
    this.logger.log('separation accepted', { separationId: id, model, durationSeconds });
  }
}

function isAccepted(stored: StoredSeparation): boolean {
  return stored.manifest !== undefined || isOpen(stored);
}
