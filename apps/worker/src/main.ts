// worker-server: takes separations from the queue, runs them in the engine, and stores the stems.
// its HTTP port only serves probes and metrics.
import 'reflect-metadata';
import type { Server } from 'node:http';
import { FfmpegNotFoundError } from '@app/audio';
import { loadWorkerConfig } from '@app/config';
import { NestLogger } from '@app/logging';
import { installOrphanGuard } from '@app/processes';
import { RedisClusterError } from '@app/redis';
import { closeOnSignals, runServer } from '@app/server';
import { NestFactory } from '@nestjs/core';
import { Scratch } from './separation/scratch.js';
import { WorkerModule } from './worker.module.js';

/** after the jobs' grace: to hand jobs back, stop the engine and flush the log */
const AFTER_GRACE_MS = 15_000;

await runServer({
  name: 'worker-server',
  portVariable: 'WORKER_PORT',
  loadConfig: loadWorkerConfig,
  fixable: [FfmpegNotFoundError, RedisClusterError],
  start: async (config, logger) => {
    const guard = installOrphanGuard();
    const scratch = await Scratch.open(config.scratchDir);
    guard.watchFolder(scratch.path);
    const app = await NestFactory.create(WorkerModule.forRoot(config, logger, scratch), {
      logger: new NestLogger(logger),
      abortOnError: false,
    });
    closeOnSignals(logger, {
      server: app.getHttpServer() as Server,
      deadlineMs: config.shutdownGraceSeconds * 1000 + AFTER_GRACE_MS,
      close: async () => {
        await app.close();
        await guard.close();
      },
    });
    await app.listen(config.http.port, config.http.host);
    logger.info(`worker-server serves probes on ${await app.getUrl()}`);
  },
});
