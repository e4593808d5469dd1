import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import { Semaphore } from '@app/concurrency';
import { loadWorkerConfig } from '@app/config';
import { createLogger } from '@app/logging';
import { ListenSignals, PreviewBoard } from '@app/queue';
import { RedisConnections } from '@app/redis';
import { SeparationStore } from '@app/separation-store';
import type { Manifest } from '@app/separations';
import { FolderObjectStore } from '@app/storage';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { PreviewPublisher } from '../src/preview/preview-publisher.js';
import { Scratch } from '../src/separation/scratch.js';
import { SeparationProcessor } from '../src/separation/separation.processor.js';
import { ObservedEngine } from './observed-engine.js';

/** Encodes other bytes, as another version may. */
class OtherFfmpeg extends Ffmpeg {
  override encode(...[request, options]: Parameters<Ffmpeg['encode']>): Promise<void> {
    return super.encode({ ...request, gain: request.gain / 2 }, options);
  }
}

/** A processor with a real engine, Redis and folder store. The caller calls `close`, then removes the folder. */
export class ProcessorFixture {
  /** in the order of their ends */
  readonly completed: Manifest[] = [];
  readonly processor: SeparationProcessor;
  /** of another version: its stems have other bytes */
  readonly other: SeparationProcessor;

  private constructor(
    readonly folder: string,
    readonly store: FolderObjectStore,
    readonly separations: SeparationStore,
    readonly scratch: Scratch,
    private readonly engine: ObservedEngine,
    processorOf: (ffmpegOf: typeof Ffmpeg) => SeparationProcessor,
    private readonly closeRedis: () => Promise<void>,
  ) {
    separations.listeners.onEnded(({ ending }) => {
      if (ending.status === 'completed') this.completed.push(ending.manifest);
    });
    this.processor = processorOf(Ffmpeg);
    this.other = processorOf(OtherFfmpeg);
  }

  static async open(limits: { readonly maxDurationSeconds: number }): Promise<ProcessorFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'processor-'));
    const engine = ObservedEngine.demo(folder);
    const store = new FolderObjectStore(join(folder, 'objects'));
    const scratch = await Scratch.open(join(folder, 'scratch'));
    const redis = await someRedis();
    const connections = new RedisConnections({ url: redis.url });
    const separations = new SeparationStore(store, connections, { callTimeoutMs: 10_000, lockWaitMs: 10_000 });
    const program = await resolveFfmpeg(loadWorkerConfig({}).audio);
    const enginePermits = new Semaphore(1);
    const logger = createLogger({ level: 'error', format: 'text' }, 'worker-server');
    const [listeners, board] = [new ListenSignals(connections), new PreviewBoard(connections)];
    const processorOf = (ffmpegOf: typeof Ffmpeg): SeparationProcessor => {
      const ffmpeg = new ffmpegOf(program);
      const previews = new PreviewPublisher({ store, ffmpeg, listeners, board, logger });
      const parts = { previews, separations, store, scratch, ffmpeg, enginePermits, limits, logger };
      return new SeparationProcessor({ ...parts, engine: engine.client });
    };
    const closeRedis = async (): Promise<void> => {
      await connections.close();
      await redis.close();
    };
    await engine.untilReady();
    return new ProcessorFixture(folder, store, separations, scratch, engine, processorOf, closeRedis);
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.closeRedis();
  }
}
