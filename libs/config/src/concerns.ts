import { AddressRanges, HostList } from '@app/outbound';
import { LICENCE_CLASSES } from '@app/separations';
import { z } from 'zod';
import {
  addresses,
  conditionalText,
  integer,
  list,
  listOf,
  oneOf,
  optionalText,
  optionalUrl,
  path,
  program,
  queueName,
  queuesOfModels,
  someOf,
  text,
  url,
  variables,
} from './variable.js';

const PORTS = [0, 65_535] as const;
const HOUR = 3600;
const MILLION = 1_000_000;
const MAX = Number.MAX_SAFE_INTEGER;

const host = text('HOST', '127.0.0.1').describe('address that rest-server and the worker listen on');
export const defaultModel = text('MODEL', 'htdemucs').describe('model of songs that name none');
export const modelLicences = someOf('MODEL_LICENCES', LICENCE_CLASSES).describe(
  'classes of licenses: only models of these are fetched and accepted ([models](models.md#license))',
);
const enginePython = program('ENGINE_PYTHON', 'engine/.venv/bin/python').describe('Python with `separation_engine`');

export const apiHttp = z.object({
  host,
  publishedOn: optionalText('BIND').describe(
    'address on which a container publishes the port of rest-server, as in Compose; without it, `HOST`',
  ),
  port: integer('PORT', 3000, PORTS).describe('port of rest-server; 0 picks a free one'),
  metricsPort: integer('METRICS_PORT', 0, PORTS).describe(
    'port of `/metrics` of rest-server; 0 means `PORT`, with a key if calls need one',
  ),
  corsOrigins: list('CORS_ORIGINS').describe('browser origins that may call the API, separated by commas'),
  allowedHosts: listOf('ALLOWED_HOSTS', '`*` or host names, separated by commas', (part) =>
    HostList.isEntry(part),
  ).describe(
    'names of this server besides those of a home network, for calls without keys, also behind a proxy ([host names](access-keys.md#host-names))',
  ),
  apiKeysFile: optionalText('API_KEYS_FILE').describe(
    'file of access keys, see access-keys.md; without it, no call needs a key',
  ),
  rateLimitPerMinute: integer('RATE_LIMIT_PER_MINUTE', 600, [0, MILLION]).describe(
    'calls per minute per key, or per address without keys; 0 means no limit',
  ),
  trustedProxies: integer('TRUSTED_PROXIES', 0, [0, 10]).describe(
    'proxies in front of rest-server whose `X-Forwarded-For` counts',
  ),
  compatApi: oneOf('COMPAT_API', 'none', ['none', 'lab7']).describe(
    'serves the API of a university course, at `/apiv1`, for programs that were written for it ([apiv1](apiv1.md))',
  ),
  downloadStallSeconds: integer('DOWNLOAD_STALL_SECONDS', 300, [1, HOUR]).describe(
    'seconds in which a client must take something of its download',
  ),
});

export const workerHttp = z.object({
  host,
  port: integer('WORKER_PORT', 3001, PORTS).describe('port of the worker, for health and metrics; 0 picks a free one'),
});

export const limits = z.object({
  maxUploadBytes: integer('MAX_UPLOAD_BYTES', 512 * 1024 * 1024, [1, MAX]).describe(
    'largest upload, in bytes (512 MiB)',
  ),
  uploadStallSeconds: integer('UPLOAD_STALL_SECONDS', 30, [1, HOUR]).describe(
    'seconds of silence, or of less than 1 KiB/s, after which an upload is closed',
  ),
  maxDurationSeconds: integer('MAX_DURATION_SECONDS', HOUR, [1, 24 * HOUR]).describe('longest song, in seconds'),
  maxQueued: integer('MAX_QUEUED', 1000, [1, MILLION]).describe(
    'separations that may wait in the queue, half of them of one client',
  ),
  maxEncodings: integer('MAX_ENCODINGS', 4, [1, 64]).describe(
    'on-demand encodings that run at once, half of them for one client',
  ),
  retentionHours: integer('RETENTION_HOURS', 0, [0, MILLION]).describe(
    'age in hours at which a separation is deleted; 0 keeps it forever',
  ),
});

/** The limits that a worker checks too: it decodes the song again, into a file. */
export const workerLimits = limits.pick({ maxDurationSeconds: true });

export const outbound = z.object({
  webhookAllow: listOf('WEBHOOK_ALLOW', 'IP addresses or ranges, separated by commas', (part) =>
    AddressRanges.isRange(part),
  ).describe(
    'addresses that are not public and that webhooks may lead to all the same, such as `10.0.0.0/8,127.0.0.1` ([webhooks](webhooks.md))',
  ),
  urlImportHosts: listOf('URL_IMPORT_HOSTS', '`*`, host names, IP addresses or ranges, separated by commas', (part) =>
    HostList.isEntry(part),
  ).describe(
    'hosts that songs may be fetched from by their link: `*` for every public one, or such as `music.example.com,*.cdn.example.com,192.168.1.20`; without it, none',
  ),
});

export const redis = z.object({
  url: url('REDIS_URL', 'redis://127.0.0.1:6379', ['redis:', 'rediss:']).describe(
    'Redis server, `rediss://` for TLS; `npm start` brings its own if unset',
  ),
  sentinels: addresses('REDIS_SENTINELS', 26_379).describe(
    'addresses of Redis Sentinel, separated by commas; they replace host and port of `REDIS_URL`',
  ),
  sentinelMaster: text('REDIS_SENTINEL_MASTER', 'mymaster').describe('name by which the sentinels know the primary'),
  sentinelPassword: optionalText('REDIS_SENTINEL_PASSWORD').describe('password of the sentinels themselves'),
});

const STORAGE = { name: 'STORAGE', default: 'folder', allowed: 'folder or s3' };
const STORED = 'where songs and stems are stored';
const WITH_KEYS = 'when STORAGE is s3, unless AWS_WEB_IDENTITY_TOKEN_FILE is set';
const WITH_S3 = { required: 'when STORAGE is s3' };

interface S3Login {
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly webIdentityTokenFile?: string | undefined;
}

/** Arguments of `refine`. It also runs when other settings are wrong, because a message names all of them. */
function keyOrRole(
  key: 'accessKey' | 'secretKey',
): [(login: S3Login) => boolean, { path: string[]; when: () => true }] {
  return [
    (login) => login[key] !== undefined || login.webIdentityTokenFile !== undefined,
    { path: [key], when: () => true },
  ];
}

/** Each setting has a name of its own among all drivers: `load` finds its variable by that name. */
export const storage = z.discriminatedUnion('driver', [
  z.object({
    driver: z.literal('folder').register(variables, STORAGE).describe(STORED),
    root: path('DATA_DIR', 'data', 'objects').describe(
      'folder for objects, models, caches and the Redis of `npm start`',
    ),
  }),
  z
    .object({
      driver: z.literal('s3').register(variables, STORAGE).describe(STORED),
      endpoint: url('S3_ENDPOINT', WITH_S3, ['http:', 'https:']).describe(
        'address of the S3 server; requests use path style',
      ),
      region: text('S3_REGION', 'us-east-1').describe('region of the bucket'),
      bucket: text('S3_BUCKET', 'music').describe('bucket, created on first use if the credentials allow it'),
      accessKey: conditionalText('S3_ACCESS_KEY', WITH_KEYS).describe('access key ID'),
      secretKey: conditionalText('S3_SECRET_KEY', WITH_KEYS).describe('secret access key'),
      webIdentityTokenFile: optionalText('AWS_WEB_IDENTITY_TOKEN_FILE').describe(
        'token for a role of AWS, in place of keys; EKS sets it, and `AWS_ROLE_ARN`, for accounts with a role (IRSA)',
      ),
    })
    .refine(...keyOrRole('accessKey'))
    .refine(...keyOrRole('secretKey')),
]);

export const audio = z.object({
  ffmpegPath: optionalText('FFMPEG_PATH').describe(
    "ffmpeg to use instead of the pinned one in the engine's environment",
  ),
  enginePython,
});

export const engine = z.object({
  python: enginePython,
  modelsDir: path('MODELS_DIR', 'DATA_DIR/models').describe('folder of installed models'),
  cacheDir: path('ENGINE_CACHE_DIR', 'DATA_DIR/engine-cache').describe(
    'folder of compiled models and precision checks',
  ),
  defaultModel,
  device: oneOf('DEVICE', 'auto', ['auto', 'cpu', 'cuda']).describe('processor that the engine uses'),
  precision: oneOf('PRECISION', 'fp32', ['fp32', 'tf32', 'fp16', 'bf16']).describe(
    'arithmetic of the engine ([precision](precision.md))',
  ),
  backend: oneOf('ENGINE_BACKEND', 'auto', ['auto', 'openvino', 'torch']).describe(
    'runtime of the engine; `auto` is torch with CUDA, else OpenVINO',
  ),
  engines: integer('ENGINES', 1, [1, 16]).describe(
    'engines of the worker, each on a GPU of its own; above 1, `DEVICE` must be `cuda`',
  ),
  maxMemoryBytes: integer('ENGINE_MAX_MEMORY_BYTES', 0, [0, MAX]).describe(
    'memory in bytes above which an idle engine restarts; 0 means no limit',
  ),
});

export const scratchDir = path('SCRATCH_DIR', 'DATA_DIR/scratch').describe(
  'folder for songs in progress and other temporary files; on the file system of `DATA_DIR`, stems are not copied',
);

export const modelQueues = queuesOfModels('MODEL_QUEUES', 'toWorkers=*').describe(
  'queues of songs, with the models of each; `*` is every model that no other queue has ([models of a pool](operating.md#models-of-a-pool))',
);

/** Settings of a worker's jobs, one variable each. */
export const jobs = {
  queue: queueName('QUEUE', 'toWorkers').describe('queue of `MODEL_QUEUES` that the worker takes songs from'),
  concurrency: integer('WORKER_CONCURRENCY', 1, [1, 64]).describe('songs that each engine separates at once'),
  prefetch: integer('WORKER_PREFETCH', 1, [0, 64]).describe(
    'further songs that the worker prepares or stores meanwhile; use 0 with several workers',
  ),
  analysis: oneOf('ANALYSIS', 'always', ['always', 'on-demand']).describe(
    'when songs are analyzed (tempo, key, loudness): after they are separated, or only when somebody asks',
  ),
  shutdownGraceSeconds: integer('SHUTDOWN_GRACE_SECONDS', 5, [0, HOUR]).describe(
    'seconds that a shutdown waits for the running song before it is handed back',
  ),
};

export const logging = z.object({
  level: oneOf('LOG_LEVEL', 'info', ['error', 'warn', 'info', 'debug']).describe('least severe level that is logged'),
  format: oneOf('LOG_FORMAT', 'text', ['text', 'json']).describe('format of log lines'),
});

/** The standard variables of OpenTelemetry. Its SDK reads more of them itself: docs/logs-and-metrics.md. */
export const tracing = z.object({
  endpoint: optionalUrl('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:']).describe(
    'OpenTelemetry collector that gets a trace of each song, such as `http://127.0.0.1:4318` ([traces](logs-and-metrics.md#traces)); without it, none',
  ),
  tracesEndpoint: optionalUrl('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', ['http:', 'https:']).describe(
    'the same with its path, such as `http://127.0.0.1:4318/v1/traces`',
  ),
  protocol: oneOf('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json', ['http/json', 'http/protobuf']).describe(
    'accepted for compatibility: both values send JSON over HTTP; gRPC (port 4317) is not supported',
  ),
  disabled: oneOf('OTEL_SDK_DISABLED', 'false', ['true', 'false']).describe('`true` turns traces off'),
});
