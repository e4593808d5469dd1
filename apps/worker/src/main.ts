// worker-server: takes separations from the queue, runs the engine on them, and stores the stems.
// its HTTP port is for probes and metrics only.
import 'reflect-metadata';
import { FfmpegNotFoundError } from '@app/audio';
import { ConfigError, loadWorkerConfig, type WorkerConfig } from '@app/config';
import { NestLogger, createLogger, type Logger } from '@app/logging';
import { installOrphanGuard } from '@app/processes';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Scratch } from './separation/scratch.js';
import { endOnSignals } from './shutdown.js';
import { WorkerModule } from './worker.module.js';

async function start(config: WorkerConfig, logger: Logger): Promise<void> {
  const guard = installOrphanGuard();
  const scratch = await Scratch.open(config.scratchDir);
  guard.watchFolder(scratch.path);
  const options: NestApplicationOptions = { logger: new NestLogger(logger), abortOnError: false };
  const app = await NestFactory.create(WorkerModule.forRoot(config, logger, scratch), options);
  endOnSignals(config.shutdownGraceSeconds, async () => {
    await app.close();
    await guard.close();
  });
  await app.listen(config.http.port, config.http.host);
  logger.info(`worker-server answers probes on ${await app.getUrl()}`);
}

/** One plain sentence for what the operator can mend, everything for what he cannot. */
function explain(error: unknown, { http, scratchDir }: WorkerConfig): string {
  if (error instanceof FfmpegNotFoundError) return error.message;
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE') return `port ${http.port} is taken: set WORKER_PORT to another one`;
    if (error.code === 'EADDRNOTAVAIL') return 'HOST is no address of this machine';
    if (error.code === 'EACCES')
      return `${scratchDir} or port ${http.port} may not be used: set SCRATCH_DIR or WORKER_PORT`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function readConfig(): WorkerConfig {
  try {
    return loadWorkerConfig();
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

const config = readConfig();
const logger = createLogger(config.logging, 'worker-server', config.redis.url);
try {
  await start(config, logger);
} catch (error) {
  process.stderr.write(`worker-server cannot start: ${explain(error, config)}\n`);
  process.exit(1);
}
