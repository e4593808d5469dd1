// a worker that separates nothing: for specs of what stands before and behind it.
import { RedisConnections } from '@app/redis';
import { SeparationWorker, type JobContext, type SeparationJob } from '@app/queue';
import { objectKeys, parseStoredRequest, type Manifest, type SeparationId } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { waitUntil } from './wait-until.js';

/** Takes jobs, reports progress, and ends one when the spec says so, or when it is cancelled. */
export class StandInWorker {
  private readonly ends = new Map<SeparationId, () => void>();
  private readonly contexts = new Map<SeparationId, JobContext>();

  private readonly connections: RedisConnections;
  private readonly worker: SeparationWorker;

  private constructor(
    redisUrl: URL,
    private readonly store: ObjectStore,
  ) {
    this.connections = new RedisConnections({ url: redisUrl });
    this.worker = new SeparationWorker(this.connections, (job, context) => this.handle(job, context), {
      concurrency: 4,
    });
  }

  static async start(redisUrl: URL, store: ObjectStore): Promise<StandInWorker> {
    const standIn = new StandInWorker(redisUrl, store);
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
    const request = parseStoredRequest((await this.store.getText(objectKeys.request(id))) ?? '');
    await this.store.putText(objectKeys.manifest(id), JSON.stringify(silentManifest(id, request.model)));
    this.ends.get(id)?.();
  }

  async close(): Promise<void> {
    await this.worker.close({ graceMs: 0 });
    await this.connections.close();
  }

  private async handle(job: SeparationJob, context: JobContext): Promise<void> {
    const { id } = job;
    this.contexts.set(id, context);
    try {
      await context.reportProgress({ percent: 1, stage: 'separate' });
      await new Promise<void>((resolve, reject) => {
        this.ends.set(id, resolve);
        context.signal.addEventListener('abort', () => {
          reject(context.signal.reason as Error);
        });
      });
    } finally {
      this.contexts.delete(id);
      this.ends.delete(id);
    }
  }
}

function silentManifest(id: SeparationId, model: string): Manifest {
  const now = new Date().toISOString();
  return {
    id,
    model,
    weightsSha256: '0'.repeat(64),
    engine: { version: '0', backend: 'none', device: 'none', precision: 'fp32', libraries: {} },
    options: { model, stems: [], overlap: 0.25, shifts: 0 },
    input: {
      sha256: '0'.repeat(64),
      codec: 'pcm_s16le',
      sampleRate: 44_100,
      channels: 2,
      samples: 44_100,
      durationSeconds: 1,
    },
    stems: [],
    artefacts: [],
    gainDb: 0,
    residualDb: null,
    seconds: { fetch: 0, decode: 0, separate: 0, encode: 0, store: 0 },
    warnings: [],
    startedAt: now,
    finishedAt: now,
  };
}
