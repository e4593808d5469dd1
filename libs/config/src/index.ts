// the environment: read once, checked and typed. Nothing else reads it.
export { ConfigError } from './config.error.js';
export { configurationVariables, withConfigurationTable } from './configuration-table.js';
export {
  loadApiConfig,
  loadLogsConfig,
  loadWorkerConfig,
  type ApiConfig,
  type AudioConfig,
  type EngineConfig,
  type HttpConfig,
  type LimitsConfig,
  type LoggingConfig,
  type RedisConfig,
  type StorageConfig,
  type TracingConfig,
  type WorkerConfig,
} from './apps.js';
export type { QueueOfModels } from './variable.js';
