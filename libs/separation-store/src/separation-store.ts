import { withTimeout } from '@app/concurrency';
import { RedisLock, RedisUnavailableError, type RedisConnections } from '@app/redis';
import {
  editOwn,
  isSeparationId,
  objectKeys,
  type Analysis,
  type Failure,
  type Manifest,
  type OwnEdit,
  type SeparationId,
  type StoredRequest,
  type StoredState,
} from '@app/separations';
import type { CallOptions, ObjectStore } from '@app/storage';
import { canonicalJson } from './canonical-json.js';
import { removeArtefacts, removeStale, removeStrays } from './artefacts.js';
import { endingOf, isAccepted, needsRun, type StoredSeparation } from './ending.js';
import { ReconcileState } from './reconcile-state.js';
import { SeparationIndex } from './separation-index.js';
import { StoredDocuments, late, type FindOptions } from './stored-documents.js';
import { StoreListeners } from './store-listeners.js';
import { SeparationBusyError, SeparationEndedError } from './store.errors.js';

/** a holder that died blocks its separation no longer than this, ms */
const LOCK_MS = 10_000;
/** a copy within the store of the largest song, ms */
const COPY_MS = 60_000;
/** removing every object of a separation takes many calls, ms */
const REMOVAL_MS = 30_000;

export interface SeparationStoreOptions {
  /** for each short call to the object store, ms */
  readonly callTimeoutMs: number;
  /** how long a change waits for another process that changes the same separation, ms */
  readonly lockWaitMs: number;
}

/** One acceptance of a song: a separation that ended may be accepted again, with another date. */
export type Run = Pick<StoredRequest, 'id' | 'createdAt'>;

interface ExclusiveOptions<T> {
  readonly lockWaitMs?: number;
  readonly withoutRedis?: () => Promise<T>;
}

/**
 * The home of stored separations. Commit, cancel, failure and removal of one separation exclude each other, across
 * processes. Every method throws StorageUnavailableError. Methods that change a separation also throw
 * RedisUnavailableError and SeparationBusyError.
 */
export class SeparationStore {
  readonly index: SeparationIndex;
  readonly state: ReconcileState;
  private readonly documents: StoredDocuments;
  readonly listeners = new StoreListeners();

  constructor(
    private readonly objects: ObjectStore,
    private readonly connections: RedisConnections,
    private readonly options: SeparationStoreOptions,
  ) {
    this.index = new SeparationIndex(connections);
    this.state = new ReconcileState(connections);
    this.documents = new StoredDocuments(objects, this.index, options.callTimeoutMs);
  }

  /** The ids of all separations in the store. */
  async *ids(signal: AbortSignal): AsyncGenerator<SeparationId> {
    for await (const name of this.objects.listFolders(objectKeys.separationsPrefix, { signal })) {
      if (isSeparationId(name)) yield name;
    }
  }

  /** undefined where there is none. A document that cannot be read is `damage`. */
  find(id: SeparationId, options: FindOptions = {}): Promise<StoredSeparation | undefined> {
    return this.documents.find(id, options);
  }

  /** Whether a request is stored; it need not be readable. */
  has(id: SeparationId, options: FindOptions = {}): Promise<boolean> {
    return this.documents.has(id, options);
  }

  /**
   * Copies the song out of staging, then writes the request: from here on it is accepted. What its owner set stays.
   * @returns the request that counts: an equal one that was accepted before, if it has not failed or been cancelled
   */
  async accept(request: StoredRequest, stagingKey: string): Promise<StoredRequest> {
    const { id, inputExtension } = request;
    const accept = async (): Promise<StoredRequest> => {
      const known = await this.find(id);
      if (known !== undefined && isAccepted(known)) return known.request;
      await withTimeout(
        COPY_MS,
        (signal) => this.objects.copy(stagingKey, objectKeys.input(id, inputExtension), { signal }),
        { onTimeout: late },
      );
      // of an earlier run that was cancelled while it was committed
      await this.documents.remove('manifest', id);
      // before the request is written: the reconciler skips what it knows as ended
      await this.inRedis(() => this.state.markOpen(id));
      const accepted = { ...request, ...(known?.request.own && { own: known.request.own }) };
      await this.documents.writeRequest(accepted);
      return accepted;
    };
    // another server may be copying the same song
    return this.exclusively(id, accept, { lockWaitMs: COPY_MS });
  }

  /**
   * Writes the manifest, last of all: from here on the separation is completed. The first run that commits counts: a
   * later one, such as a worker's that had lost its job, changes nothing.
   * @throws SeparationEndedError if the separation was completed, cancelled, failed, removed or accepted again
   * meanwhile, or the signal's reason: nothing is written.
   */
  async commit(run: Run, manifest: Manifest, { signal }: CallOptions = {}): Promise<void> {
    const { id } = run;
    const commit = async (): Promise<void> => {
      const stored = await this.find(id, { isExpected: true, isForWork: true });
      if (stored === undefined || !isOf(run, stored)) throw new SeparationEndedError(id, 'removed');
      const ending = endingOf(stored);
      if (ending !== undefined && !needsRun(stored)) throw new SeparationEndedError(id, ending.status);
      // the job may have gone to another worker meanwhile
      signal?.throwIfAborted();
      await this.documents.writeManifest(manifest);
      this.listeners.tellEnd({ request: stored.request, manifest });
    };
    // finished work is kept while Redis is down: cancel and removal need Redis, and an outcome wins over a manifest
    await this.exclusively(id, commit, { withoutRedis: commit });
  }

  /** What the stems of a completed separation tell; undefined where it was not made yet, or is lost. */
  findAnalysis(id: SeparationId, options: FindOptions = {}): Promise<Analysis | undefined> {
    return this.documents.findAnalysis(id, options);
  }

  /** Does nothing where the separation was removed meanwhile. */
  async writeAnalysis(run: Run, analysis: Analysis): Promise<void> {
    await this.exclusively(run.id, async () => {
      const stored = await this.find(run.id, { isForWork: true });
      if (stored?.manifest === undefined || !isOf(run, stored)) return;
      await this.documents.writeAnalysis(run.id, analysis);
    });
  }

  /** Removes the results, which nobody can get, and writes that the separation failed. Does nothing after its end. */
  async fail(run: Run, failure: Failure): Promise<void> {
    await this.ifOpen(run, async (request) => {
      await this.removeFiles(run.id);
      await this.end(request, { state: 'failed', at: now(), failure });
    });
  }

  /** Changes the name for people to read, or the priority. Does nothing once the song was accepted again. */
  async revise(run: Run, revision: Partial<Pick<StoredRequest, 'fileName' | 'priority'>>): Promise<void> {
    await this.exclusively(run.id, async () => {
      const stored = await this.find(run.id, { isForWork: true });
      if (stored === undefined || !isOf(run, stored) || stored.damage?.document === 'request') return;
      await this.documents.writeRequest({ ...stored.request, ...revision });
    });
  }

  /** Sets or takes back what is the owner's own, in any state. Editing again changes nothing. */
  async edit(id: SeparationId, edit: OwnEdit): Promise<'changed' | 'unchanged' | 'removed' | 'unreadable'> {
    return this.exclusively(id, async () => {
      const stored = await this.find(id, { isForWork: true });
      if (stored === undefined) return 'removed';
      if (stored.damage?.document === 'request') return 'unreadable';
      const { own: before, ...request } = stored.request;
      const own = editOwn(before, edit);
      if (canonicalJson([own ?? null]) === canonicalJson([before ?? null])) return 'unchanged';
      await this.documents.writeRequest({ ...request, ...(own && { own }) });
      return 'changed';
    });
  }

  /** Writes that the separation was cancelled. Does nothing after its end. */
  async cancel(run: Run): Promise<void> {
    await this.ifOpen(run, (request) => this.end(request, { state: 'cancelled', at: now() }));
  }

  /** Removes the artefacts of a separation that is not completed, nor accepted again. */
  async removeResults(run: Run): Promise<void> {
    await this.exclusively(run.id, async () => {
      const stored = await this.find(run.id, { isForWork: true });
      if (stored === undefined) return this.removeFiles(run.id);
      if (isOf(run, stored) && stored.manifest === undefined) await this.removeFiles(run.id);
    });
  }

  /**
   * Removes the separation with everything that belongs to it. The request goes first: without it nothing is served
   * or queued again, and the reconciler sweeps what an interrupted removal leaves.
   * @throws SeparationBusyError also if the same song was accepted again meanwhile
   */
  async remove({ id, owner, createdAt }: Run & Pick<StoredRequest, 'owner'>): Promise<void> {
    await this.exclusively(id, async () => {
      const stored = await this.find(id);
      if (stored !== undefined && !isOf({ id, createdAt }, stored)) throw new SeparationBusyError(id);
      // the reconciler never looks at what it knows as ended: it must finish a removal that is interrupted from here on
      await this.inRedis(() => this.state.markOpen(id));
      await this.listeners.tellRemoval(id, owner);
      await this.documents.remove('request', id);
      await this.removeAll(objectKeys.separation(id));
      await this.inRedis(() => this.index.remove(owner, id));
    });
  }

  /**
   * Removes what lies in a folder without a request. A song stays until it is older than the age, in milliseconds: it
   * may be about to be accepted. Nobody needs the rest: a late writer left it.
   */
  async removeOrphan(id: SeparationId, olderThanMs: number, signal: AbortSignal): Promise<void> {
    await this.exclusively(id, () => this.removeLeftovers(id, olderThanMs, signal));
  }

  /**
   * Removes artefacts of an ended separation that nothing refers to, once they are older than the age; of a removed one,
   * what `removeOrphan` removes. @returns how many
   */
  async removeStrays(id: SeparationId, olderThanMs: number, signal: AbortSignal): Promise<number> {
    return this.exclusively(id, async () => {
      const stored = await this.find(id, { signal, isForWork: true });
      if (stored === undefined) return this.removeLeftovers(id, olderThanMs, signal);
      // behind a manifest that cannot be read, everything may be needed
      if (stored.damage !== undefined || endingOf(stored) === undefined) return 0;
      return removeStrays(this.objects, stored, olderThanMs, signal);
    });
  }

  private async removeLeftovers(id: SeparationId, olderThanMs: number, signal: AbortSignal): Promise<number> {
    return (await this.has(id, { signal })) ? 0 : removeStale(this.objects, id, olderThanMs, signal);
  }

  private async ifOpen(run: Run, work: (request: StoredRequest) => Promise<void>): Promise<void> {
    await this.exclusively(run.id, async () => {
      const stored = await this.find(run.id, { isForWork: true });
      if (stored !== undefined && isOf(run, stored) && needsRun(stored)) await work(stored.request);
    });
  }

  private async end(open: StoredRequest, outcome: Exclude<StoredState, { state: 'accepted' }>): Promise<void> {
    const request = { ...open, outcome };
    await this.documents.writeRequest(request);
    this.listeners.tellEnd({ request });
  }

  private removeFiles(id: SeparationId): Promise<void> {
    return withTimeout(REMOVAL_MS, (signal) => removeArtefacts(this.objects, id, signal), { onTimeout: late });
  }

  private removeAll(prefix: string): Promise<void> {
    return withTimeout(REMOVAL_MS, (signal) => this.objects.removeAll(prefix, { signal }), { onTimeout: late });
  }

  private inRedis<T>(call: () => Promise<T>): Promise<T> {
    return withTimeout(this.options.callTimeoutMs, call, { onTimeout: () => new RedisUnavailableError() });
  }

  /** @param withoutRedis runs instead of the work while Redis is down */
  private async exclusively<T>(
    id: SeparationId,
    work: () => Promise<T>,
    { lockWaitMs = this.options.lockWaitMs, withoutRedis }: ExclusiveOptions<T> = {},
  ): Promise<T> {
    const lock = new RedisLock(this.connections, this.connections.keys.separationLock(id), LOCK_MS);
    const limitMs = lockWaitMs + this.options.callTimeoutMs;
    const onTimeout = (): RedisUnavailableError => new RedisUnavailableError();
    try {
      const isOurs = await withTimeout(limitMs, () => lock.acquireWithin(lockWaitMs), { onTimeout });
      if (!isOurs) throw new SeparationBusyError(id);
    } catch (error) {
      if (error instanceof RedisUnavailableError && withoutRedis !== undefined) return withoutRedis();
      throw error;
    }
    return lock.holdWhile(work);
  }
}

function isOf({ createdAt }: Run, { request }: StoredSeparation): boolean {
  return request.createdAt === createdAt;
}

function now(): string {
  return new Date().toISOString();
}
