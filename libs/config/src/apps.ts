import { resolve } from 'node:path';
import * as concern from './concerns.js';
import { integer, text, type Environment } from './environment.js';

export interface ApiConfig {
  readonly http: concern.HttpConfig;
  readonly limits: concern.LimitsConfig;
  readonly redis: concern.RedisConfig;
  readonly storage: concern.StorageConfig;
  readonly audio: concern.AudioConfig;
  readonly logging: concern.LoggingConfig;
  readonly defaultModel: string;
}

export interface WorkerConfig {
  readonly http: Pick<concern.HttpConfig, 'host' | 'port'>;
  readonly limits: concern.LimitsConfig;
  readonly redis: concern.RedisConfig;
  readonly storage: concern.StorageConfig;
  readonly audio: concern.AudioConfig;
  readonly logging: concern.LoggingConfig;
  readonly engine: concern.EngineConfig;
  readonly scratchDir: string;
  /** separations in the engine at once */
  readonly concurrency: number;
  /**
   * jobs that are fetched and decoded, or stored, while the engine is busy with others. It keeps the engine busy when
   * songs wait, which is right where one worker has them all; with several, 0 leaves each song to a worker that is idle.
   */
  readonly prefetch: number;
  /** how long a shutdown waits for the running job before it hands it back */
  readonly shutdownGraceSeconds: number;
}

export interface LogsConfig {
  readonly redis: concern.RedisConfig;
  readonly logging: concern.LoggingConfig;
}

/** @throws ConfigError that names the first variable which cannot be used. */
export function loadApiConfig(env: Environment = process.env): ApiConfig {
  return {
    http: concern.http(env),
    limits: concern.limits(env),
    redis: concern.redis(env),
    storage: concern.storage(env),
    audio: concern.audio(env),
    logging: concern.logging(env),
    defaultModel: concern.defaultModel(env),
  };
}

/** @throws ConfigError that names the first variable which cannot be used. */
export function loadWorkerConfig(env: Environment = process.env): WorkerConfig {
  return {
    http: concern.workerHttp(env),
    limits: concern.limits(env),
    redis: concern.redis(env),
    storage: concern.storage(env),
    audio: concern.audio(env),
    logging: concern.logging(env),
    engine: concern.engine(env),
    scratchDir: resolve(text(env, 'SCRATCH_DIR', resolve(concern.dataDir(env), 'scratch'))),
    concurrency: integer(env, 'WORKER_CONCURRENCY', 1, { min: 1, max: 64 }),
    prefetch: integer(env, 'WORKER_PREFETCH', 1, { min: 0, max: 8 }),
    shutdownGraceSeconds: integer(env, 'SHUTDOWN_GRACE_SECONDS', 5, { min: 0, max: 3600 }),
  };
}

/** @throws ConfigError that names the first variable which cannot be used. */
export function loadLogsConfig(env: Environment = process.env): LogsConfig {
  return { redis: concern.redis(env), logging: concern.logging(env) };
}
