// the environment, read once, checked and typed; nothing else reads it.
export { ConfigError } from './config.error.js';
export {
  loadApiConfig,
  loadLogsConfig,
  loadWorkerConfig,
  type ApiConfig,
  type LogsConfig,
  type WorkerConfig,
} from './apps.js';
export type {
  AudioConfig,
  EngineConfig,
  HttpConfig,
  LimitsConfig,
  LoggingConfig,
  RedisConfig,
  StorageConfig,
} from './concerns.js';
