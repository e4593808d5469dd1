import { resolve } from 'node:path';
import { integer, list, oneOf, required, text, url, type Environment } from './environment.js';

const MIB = 1024 * 1024;
const HOUR = 3600;
const PORTS = { min: 0, max: 65_535 };

export interface HttpConfig {
  readonly host: string;
  /** 0 takes a free one */
  readonly port: number;
  /** origins that browsers may call from; none by default */
  readonly corsOrigins: readonly string[];
  readonly apiKeysFile: string | undefined;
  /** calls a minute for a key, or for an address where no key is needed; 0 sets no limit */
  readonly rateLimitPerMinute: number;
  /** how many proxies stand before the server and may name the client's address */
  readonly trustedProxies: number;
  /** a client that takes nothing of its answer for so long is dropped */
  readonly downloadStallSeconds: number;
}

export interface LimitsConfig {
  readonly maxUploadBytes: number;
  /** an upload whose client sends nothing for so long is dropped */
  readonly uploadStallSeconds: number;
  readonly maxDurationSeconds: number;
  readonly maxQueued: number;
  /** on-demand encodings at once */
  readonly maxEncodings: number;
  /** 0 keeps for ever */
  readonly retentionHours: number;
}

export interface RedisConfig {
  readonly url: URL;
}

export type StorageConfig =
  | { readonly driver: 'folder'; readonly root: string }
  | {
      readonly driver: 's3';
      readonly endpoint: URL;
      readonly region: string;
      readonly bucket: string;
      readonly accessKey: string;
      readonly secretKey: string;
    };

export interface AudioConfig {
  /** where it is not set, `ffmpeg` of the PATH or of the engine's environment is used */
  readonly ffmpegPath: string | undefined;
  /** the PATH, to find `ffmpeg` on: programs are started without our environment */
  readonly searchPath?: string | undefined;
  readonly enginePython: string;
}

export interface EngineConfig {
  readonly python: string;
  readonly modelsDir: string;
  readonly cacheDir: string;
  readonly defaultModel: string;
  readonly device: 'auto' | 'cpu' | 'cuda';
  readonly precision: 'fp32' | 'tf32' | 'bf16';
  /** a test hook and for benchmarks; `auto` takes CUDA if it is there, else openvino */
  readonly backend: 'auto' | 'openvino' | 'torch';
  /** the child is started anew above this; 0 sets no limit */
  readonly maxMemoryBytes: number;
  /** all that the child sees: our environment without our secrets, and the settings above */
  readonly environment: Readonly<Record<string, string>>;
}

export interface LoggingConfig {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly format: 'text' | 'json';
}

export function dataDir(env: Environment): string {
  return resolve(text(env, 'DATA_DIR', 'data'));
}

export function http(env: Environment): HttpConfig {
  return {
    host: text(env, 'HOST', '127.0.0.1'),
    port: integer(env, 'PORT', 3000, PORTS),
    corsOrigins: list(env, 'CORS_ORIGINS'),
    apiKeysFile: text(env, 'API_KEYS_FILE'),
    rateLimitPerMinute: integer(env, 'RATE_LIMIT_PER_MINUTE', 600, { min: 0, max: 1_000_000 }),
    trustedProxies: integer(env, 'TRUSTED_PROXIES', 0, { min: 0, max: 10 }),
    downloadStallSeconds: integer(env, 'DOWNLOAD_STALL_SECONDS', 60, { min: 1, max: HOUR }),
  };
}

export function workerHttp(env: Environment): Pick<HttpConfig, 'host' | 'port'> {
  return { host: text(env, 'HOST', '127.0.0.1'), port: integer(env, 'WORKER_PORT', 3001, PORTS) };
}

export function limits(env: Environment): LimitsConfig {
  return {
    maxUploadBytes: integer(env, 'MAX_UPLOAD_BYTES', 512 * MIB, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    uploadStallSeconds: integer(env, 'UPLOAD_STALL_SECONDS', 30, { min: 1, max: HOUR }),
    maxDurationSeconds: integer(env, 'MAX_DURATION_SECONDS', HOUR, { min: 1, max: 24 * HOUR }),
    maxQueued: integer(env, 'MAX_QUEUED', 1000, { min: 1, max: 1_000_000 }),
    maxEncodings: integer(env, 'MAX_ENCODINGS', 4, { min: 1, max: 64 }),
    retentionHours: integer(env, 'RETENTION_HOURS', 0, { min: 0, max: 1_000_000 }),
  };
}

export function redis(env: Environment): RedisConfig {
  return { url: url(env, 'REDIS_URL', 'redis://127.0.0.1:6379', ['redis:', 'rediss:']) };
}

export function storage(env: Environment): StorageConfig {
  const driver = oneOf(env, 'STORAGE', 'folder', ['folder', 's3']);
  if (driver === 'folder') return { driver, root: resolve(dataDir(env), 'objects') };
  const because = 'when STORAGE is s3';
  required(env, 'S3_ENDPOINT', because);
  return {
    driver,
    endpoint: url(env, 'S3_ENDPOINT', '', ['http:', 'https:']),
    region: text(env, 'S3_REGION', 'us-east-1'),
    bucket: text(env, 'S3_BUCKET', 'music'),
    accessKey: required(env, 'S3_ACCESS_KEY', because),
    secretKey: required(env, 'S3_SECRET_KEY', because),
  };
}

export function enginePython(env: Environment): string {
  const folder = process.platform === 'win32' ? 'Scripts' : 'bin';
  return text(env, 'ENGINE_PYTHON', resolve('engine', '.venv', folder, 'python'));
}

export function audio(env: Environment): AudioConfig {
  return { ffmpegPath: text(env, 'FFMPEG_PATH'), searchPath: text(env, 'PATH'), enginePython: enginePython(env) };
}

export function engine(env: Environment): EngineConfig {
  const settings = engineSettings(env);
  return { ...settings, environment: engineEnvironment(env, settings) };
}

function engineSettings(env: Environment): Omit<EngineConfig, 'environment'> {
  return {
    python: enginePython(env),
    modelsDir: resolve(text(env, 'MODELS_DIR', resolve(dataDir(env), 'models'))),
    cacheDir: resolve(text(env, 'ENGINE_CACHE_DIR', resolve(dataDir(env), 'engine-cache'))),
    defaultModel: defaultModel(env),
    device: oneOf(env, 'DEVICE', 'auto', ['auto', 'cpu', 'cuda']),
    precision: oneOf(env, 'PRECISION', 'fp32', ['fp32', 'tf32', 'bf16']),
    backend: oneOf(env, 'ENGINE_BACKEND', 'auto', ['auto', 'openvino', 'torch']),
    maxMemoryBytes: integer(env, 'ENGINE_MAX_MEMORY_BYTES', 0, { min: 0, max: Number.MAX_SAFE_INTEGER }),
  };
}

// the engine reads files and computes: it has no use for what opens the store or Redis, nor for anybody else's secret
const SECRETS = /^REDIS_URL$|KEY|SECRET|PASSWORD|TOKEN/;

function engineEnvironment(env: Environment, settings: Omit<EngineConfig, 'environment'>): EngineConfig['environment'] {
  // what threads freed in arenas of their own would stay with the process: 30 MiB
  const allocator = { MALLOC_ARENA_MAX: '1' };
  const inherited = Object.entries(env).filter(([name]) => !SECRETS.test(name));
  return {
    ...allocator,
    ...Object.fromEntries(inherited.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    MODELS_DIR: settings.modelsDir,
    ENGINE_CACHE_DIR: settings.cacheDir,
    MODEL: settings.defaultModel,
    DEVICE: settings.device,
    PRECISION: settings.precision,
    ENGINE_BACKEND: settings.backend,
    LOG_LEVEL: logging(env).level,
  };
}

export function defaultModel(env: Environment): string {
  return text(env, 'MODEL', 'htdemucs');
}

export function logging(env: Environment): LoggingConfig {
  return {
    level: oneOf(env, 'LOG_LEVEL', 'info', ['error', 'warn', 'info', 'debug']),
    format: oneOf(env, 'LOG_FORMAT', 'text', ['text', 'json']),
  };
}
