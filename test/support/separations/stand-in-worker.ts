// a worker that separates nothing: for specs of what stands before and behind it.
import { RedisConnections } from '@app/redis';
import { SeparationWorker, type JobContext, type SeparationJob } from '@app/queue';
import type { ManifestStem, SeparationId, StoredRequest } from '@app/separations';
import { Documents, someManifest } from './stored-separations.js';
import type { ObjectStore } from '@app/storage';
import { waitUntil } from '../wait-until.js';

/** Stores the stems of a song, and describes them. */
type MakeStems = (request: StoredRequest) => Promise<readonly ManifestStem[]>;

/** Takes jobs, reports progress, and ends one when the spec says so, or when it is cancelled. */
export class StandInWorker {
  /** of a separation whose job was lost and queued again, more than one */
  private readonly ends = new Map<SeparationId, Set<() => void>>();
  private readonly contexts = new Map<SeparationId, JobContext>();

  private readonly connections: RedisConnections;
  private readonly worker: SeparationWorker;
  private readonly documents: Documents;

  private constructor(
    redisUrl: URL,
    store: ObjectStore,
    private readonly makeStems?: MakeStems,
  ) {
    this.documents = new Documents(store);
    this.connections = new RedisConnections({ url: redisUrl });
    this.worker = new SeparationWorker(this.connections, (job, context) => this.handle(job, context), {
      concurrency: 4,
    });
  }

  /** @param makeStems with it, every job completes at once */
  static async start(redisUrl: URL, store: ObjectStore, makeStems?: MakeStems): Promise<StandInWorker> {
    const standIn = new StandInWorker(redisUrl, store, makeStems);
    await standIn.worker.start();
    return standIn;
  }

  async report(id: SeparationId, percent: number): Promise<void> {
    // a job counts as taken a moment before its handler runs
    await waitUntil(`${id} to be worked on`, () => this.has(id));
    await this.contexts.get(id)?.reportProgress({ percent, stage: 'separate' });
  }

  has(id: SeparationId): boolean {
    return this.contexts.has(id);
  }

  /** Writes the manifest of a silent song and lets the job end. */
  async complete(id: SeparationId): Promise<void> {
    await waitUntil(`${id} to be worked on`, () => this.ends.has(id));
    await this.commit(id);
    for (const end of this.ends.get(id) ?? []) end();
  }

  async close(): Promise<void> {
    await this.worker.close({ graceMs: 0 });
    await this.connections.close();
  }

  private async commit(id: SeparationId): Promise<void> {
    const request = await this.documents.request(id);
    if (request === undefined) return;
    const stems = (await this.makeStems?.(request)) ?? [];
    await this.documents.putManifest(someManifest(request, { stems }));
  }

  private async handle(job: SeparationJob, context: JobContext): Promise<void> {
    const { id } = job;
    const ends = this.ends.get(id) ?? new Set();
    // a job that was lost with Redis, and queued again
    if (ends.size === 0 && (await this.documents.manifest(id)) !== undefined) return;
    this.contexts.set(id, context);
    try {
      await context.reportProgress({ percent: 1, stage: 'separate' });
      if (this.makeStems !== undefined) {
        await this.commit(id);
        return;
      }
      await new Promise<void>((resolve, reject) => {
        this.ends.set(id, ends.add(resolve));
        context.signal.addEventListener('abort', () => {
          reject(context.signal.reason as Error);
        });
      });
    } finally {
      if (this.contexts.get(id) === context) this.contexts.delete(id);
      if (this.ends.get(id) === ends) this.ends.delete(id);
    }
  }
}
