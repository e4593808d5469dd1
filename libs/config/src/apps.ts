import { z } from 'zod';
import * as concern from './concerns.js';
import { engineEnvironment } from './engine-environment.js';
import { requireAllowedModel } from './allowed-model.js';
import { requireDevices } from './enough-devices.js';
import { requireKnownQueue } from './known-queue.js';
import { load, type Config, type Environment } from './load.js';

const {
  limits,
  outbound,
  redis,
  storage,
  audio,
  logging,
  tracing,
  defaultModel,
  modelLicences,
  modelQueues,
  engine,
  jobs,
  scratchDir,
} = concern;

/** What each app reads from the environment. */
export const apps = {
  'rest-server': z.object({
    http: concern.apiHttp,
    limits,
    outbound,
    redis,
    storage,
    audio,
    logging,
    tracing,
    defaultModel,
    modelLicences,
    modelQueues,
    scratchDir,
  }),
  'worker-server': z.object({
    http: concern.workerHttp,
    limits: concern.workerLimits,
    redis,
    storage,
    audio,
    logging,
    tracing,
    engine,
    modelLicences,
    modelQueues,
    scratchDir,
    ...jobs,
  }),
  logs: z.object({ redis, logging }),
};

export type ApiConfig = Config<(typeof apps)['rest-server']>;
export type LogsConfig = Config<(typeof apps)['logs']>;
type WorkerSettings = Config<(typeof apps)['worker-server']>;

export type HttpConfig = ApiConfig['http'];
export type LimitsConfig = ApiConfig['limits'];
export type RedisConfig = ApiConfig['redis'];
export type StorageConfig = ApiConfig['storage'];
export type AudioConfig = ApiConfig['audio'];
export type LoggingConfig = ApiConfig['logging'];
export type TracingConfig = ApiConfig['tracing'];
export type EngineConfig = WorkerSettings['engine'] & { readonly environment: ReturnType<typeof engineEnvironment> };
export type WorkerConfig = Omit<WorkerSettings, 'engine'> & { readonly engine: EngineConfig };

/** @throws ConfigError */
export function loadApiConfig(env: Environment = process.env): ApiConfig {
  const settings = load(apps['rest-server'], env);
  requireAllowedModel(settings.defaultModel, settings.modelLicences);
  return settings;
}

/** @throws ConfigError */
export function loadWorkerConfig(env: Environment = process.env): WorkerConfig {
  const settings = load(apps['worker-server'], env);
  requireAllowedModel(settings.engine.defaultModel, settings.modelLicences);
  requireDevices(settings.engine, env);
  requireKnownQueue(settings.queue, settings.modelQueues);
  const environment = engineEnvironment(env, settings.engine, settings.logging.level);
  return { ...settings, engine: { ...settings.engine, environment } };
}

/** @throws ConfigError */
export function loadLogsConfig(env: Environment = process.env): LogsConfig {
  return load(apps.logs, env);
}
