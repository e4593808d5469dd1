import { storage } from './concerns.js';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LICENCE_CLASSES } from '@app/separations';
import {
  ConfigError,
  configurationVariables,
  loadApiConfig,
  loadLogsConfig,
  loadWorkerConfig,
  withConfigurationTable,
} from './index.js';

const PAGE = 'docs/configuration.md';
const APPS = { 'rest-server': loadApiConfig, 'worker-server': loadWorkerConfig, logs: loadLogsConfig };
const LOADS = Object.entries(APPS).map(([app, load]) => ({ app, load }));
const VARIABLES = configurationVariables();
const CHECKED = VARIABLES.filter(({ allowed }) => allowed !== undefined);
const S3 = { STORAGE: 's3', S3_ENDPOINT: 'http://127.0.0.1:9000', S3_ACCESS_KEY: 'key', S3_SECRET_KEY: 'hush' };

function messageOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe(loadApiConfig.name, () => {
  it('listens on loopback only, keeps objects in a folder and needs no key, unless told otherwise', () => {
    const config = loadApiConfig({});
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 3000, apiKeysFile: undefined, corsOrigins: [] });
    expect(config.storage.driver).toBe('folder');
    expect(config.limits).toMatchObject({ maxUploadBytes: 512 * 1024 * 1024, maxDurationSeconds: 3600 });
    expect(config.defaultModel).toBe('htdemucs');
  });

  it('treats an empty variable as unset', () => {
    expect(loadApiConfig({ PORT: '', REDIS_URL: ' ' }).http.port).toBe(3000);
  });

  it('splits a list at its commas', () => {
    expect(loadApiConfig({ CORS_ORIGINS: 'http://a, ,http://b' }).http.corsOrigins).toEqual(['http://a', 'http://b']);
  });

  it('allows licenses of every class, unless some are named', () => {
    expect([...loadApiConfig({}).modelLicences]).toEqual([...LICENCE_CLASSES]);
    const some = { MODEL: 'demo', MODEL_LICENCES: 'own, permissive' };
    expect([...loadApiConfig(some).modelLicences]).toEqual(['permissive', 'own']);
  });

  it.each(LOADS.filter(({ app }) => app !== 'logs'))(
    'refuses a default model of $app whose license is not allowed',
    ({ load }) => {
      expect(messageOf(() => load({ MODEL_LICENCES: 'permissive,own' }))).toBe(
        'MODEL is htdemucs, whose license is none-stated, but MODEL_LICENCES allows only permissive, own. ' +
          'Set MODEL to another model.',
      );
      expect(messageOf(() => load({ MODEL_LICENCES: 'permissive', MODEL: 'mine' }))).toContain('MODEL is mine');
    },
  );

  it.each([
    ['MODEL_LICENCES', 'mit', `MODEL_LICENCES must be some of ${LICENCE_CLASSES.join(', ')}, not "mit".`],
    ['PORT', '80a', 'PORT must be a whole number from 0 to 65535, not "80a".'],
    ['PORT', '65536', 'PORT must be a whole number from 0 to 65535, not "65536".'],
    ['MAX_UPLOAD_BYTES', '1e3', 'MAX_UPLOAD_BYTES must be a whole number of at least 1, not "1e3".'],
    ['RETENTION_HOURS', '-1', 'RETENTION_HOURS must be a whole number from 0 to 1000000, not "-1".'],
    ['STORAGE', 'ftp', 'STORAGE must be folder or s3, not "ftp".'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL must be error, warn, info, or debug, not "loud".'],
    ['WEBHOOK_ALLOW', 'nas', 'WEBHOOK_ALLOW must be IP addresses or ranges, separated by commas, not "nas".'],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'a:4317/hush',
      'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL that starts with http:// or https://.',
    ],
    [
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'a:4317/v1/traces?token=hush',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be a URL that starts with http:// or https://.',
    ],
    [
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'grpc',
      'OTEL_EXPORTER_OTLP_PROTOCOL must be http/json or http/protobuf, not "grpc".',
    ],
    [
      'MODEL_QUEUES',
      'toWorkers=best;toWorkers-big=best',
      'MODEL_QUEUES must be `queue=model,model;queue=*` with each queue and model once, ' +
        'not "toWorkers=best;toWorkers-big=best".',
    ],
    ['REDIS_URL', 'http://:hush@a', 'REDIS_URL must be a URL that starts with redis:// or rediss://.'],
  ])('refuses %s=%s', (name, value, message) => {
    expect(messageOf(() => loadApiConfig({ [name]: value }))).toBe(message);
  });

  it('asks for the S3 settings if the store is S3, and never prints a secret', () => {
    const { S3_SECRET_KEY, STORAGE } = S3;
    const env = { STORAGE, S3_SECRET_KEY, S3_ENDPOINT: 'ftp://somewhere', PORT: 'x' };
    expect(messageOf(() => loadApiConfig(env)).split('\n')).toEqual([
      'PORT must be a whole number from 0 to 65535, not "x".',
      'S3_ENDPOINT must be a URL that starts with http:// or https://, not "ftp://somewhere".',
      'S3_ACCESS_KEY must be set when STORAGE is s3, unless AWS_WEB_IDENTITY_TOKEN_FILE is set.',
    ]);
  });

  it('needs no keys of S3 with a role of AWS', () => {
    const { S3_ENDPOINT, STORAGE } = S3;
    const env = { STORAGE, S3_ENDPOINT, AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token' };
    expect(loadApiConfig(env).storage).toMatchObject({ driver: 's3', webIdentityTokenFile: '/var/run/token' });
  });

  it('takes the S3 settings', () => {
    const connection = { endpoint: new URL('http://127.0.0.1:9000'), accessKey: 'key', secretKey: 'hush' };
    const expected = { driver: 's3', region: 'us-east-1', bucket: 'music', ...connection };
    expect(loadApiConfig(S3).storage).toEqual(expected);
  });
});

describe(loadWorkerConfig.name, () => {
  it.each([
    [{ ENGINES: '2' }, 'ENGINES is 2, but DEVICE is auto. Set DEVICE to cuda, or ENGINES to 1.'],
    [
      { ENGINES: '3', DEVICE: 'cuda', CUDA_VISIBLE_DEVICES: '0,1' },
      'ENGINES is 3, but CUDA_VISIBLE_DEVICES names only 2 of the GPUs: 0,1. List 3 GPUs in it, or set ENGINES to 2.',
    ],
    [
      { ENGINES: '2', DEVICE: 'cuda', CUDA_VISIBLE_DEVICES: '1,,2' },
      'ENGINES is 2, but CUDA_VISIBLE_DEVICES names only 1 of the GPUs: 1,,2. List 2 GPUs in it, or set ENGINES to 1.',
    ],
    [
      { ENGINES: '2', DEVICE: 'cuda', CUDA_VISIBLE_DEVICES: '' },
      'ENGINES is 2, but CUDA_VISIBLE_DEVICES names only 0 of the GPUs: . List 2 GPUs in it, or set ENGINES to 1.',
    ],
  ])('refuses %j', (env, message) => {
    expect(messageOf(() => loadWorkerConfig(env))).toBe(message);
  });

  it('takes songs of every model from one queue, unless pools have their own', () => {
    expect(loadWorkerConfig({})).toMatchObject({
      queue: 'toWorkers',
      modelQueues: [{ name: 'toWorkers', models: '*' }],
    });
    const MODEL_QUEUES = 'toWorkers=*; toWorkers-big = best, htdemucs_ft';
    expect(loadWorkerConfig({ MODEL_QUEUES, QUEUE: 'toWorkers-big' }).modelQueues).toEqual([
      { name: 'toWorkers', models: '*' },
      { name: 'toWorkers-big', models: ['best', 'htdemucs_ft'] },
    ]);
    expect(messageOf(() => loadWorkerConfig({ MODEL_QUEUES, QUEUE: 'toWorkers-small' }))).toBe(
      'QUEUE is toWorkers-small, but MODEL_QUEUES has only toWorkers, toWorkers-big. Set QUEUE to one of them.',
    );
  });
});

describe.each(LOADS)('the environment of $app', ({ app, load }) => {
  const checked = CHECKED.filter(({ readBy }) => readBy.includes(app)).map(({ name }) => name);

  it('has a default for every variable, and ignores unknown ones', () => {
    expect(() => load({ UNKNOWN: 'x' })).not.toThrow();
  });

  it('names every unusable variable at once, each of them once', () => {
    const env = { ...S3, ...Object.fromEntries(checked.map((name) => [name, 'not usable'])), STORAGE: 's3' };
    const named = messageOf(() => load(env))
      .split('\n')
      .map((line) => line.split(' must be ')[0]);
    expect(named.sort()).toEqual(checked.filter((name) => name !== 'STORAGE').sort());
  });
});

describe('docs/configuration.md', () => {
  it('has the table of `npm run docs:configuration`', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(withConfigurationTable(page)).toBe(page);
    for (const { name } of VARIABLES) expect(page).toContain(`\n| \`${name}\` `);
  });

  it('says of every variable what it stands for when it is unset', () => {
    const others = VARIABLES.filter((variable) => variable.default === undefined && variable.required === undefined);
    expect(others.map(({ name }) => name)).toEqual([
      'BIND',
      'API_KEYS_FILE',
      'REDIS_SENTINEL_PASSWORD',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'FFMPEG_PATH',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ]);
    expect(VARIABLES.filter(({ meaning }) => meaning === '')).toEqual([]);
  });

  it('names every variable that the commands read', async () => {
    const [page, files] = await Promise.all([readFile(PAGE, 'utf8'), readdir('scripts', { recursive: true })]);
    const scripts = files
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => readFile(join('scripts', file), 'utf8'));
    const read = (await Promise.all(scripts)).join('').matchAll(/(?:process|this)\.env\.(\w+)/g);
    const names = new Set([...read].map(([, name]) => name));
    // npm sets it
    names.delete('INIT_CWD');
    expect([...names]).toContain('PORT');
    expect([...names].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe(loadWorkerConfig.name, () => {
  it('has its health port beside the one of rest-server', () => {
    expect(loadWorkerConfig({}).http).toEqual({ host: '127.0.0.1', port: 3001 });
  });

  it('keeps models, scratch and the compiled-model cache below the data folder', () => {
    const config = loadWorkerConfig({ DATA_DIR: '/srv/music' });
    expect(config.storage).toEqual({ driver: 'folder', root: '/srv/music/objects' });
    expect(config.engine.modelsDir).toBe('/srv/music/models');
    expect(config.engine.cacheDir).toBe('/srv/music/engine-cache');
    expect(config.scratchDir).toBe('/srv/music/scratch');
  });

  it('takes the engine of the checkout, a path or a name on the PATH', () => {
    expect(loadWorkerConfig({}).engine.python).toBe(`${process.cwd()}/engine/.venv/bin/python`);
    expect(loadWorkerConfig({ ENGINE_PYTHON: 'python3' }).audio.enginePython).toBe('python3');
  });

  it('lets the engine free what its threads leave, unless the allocator is configured', () => {
    expect(loadWorkerConfig({}).engine.environment).toMatchObject({ MALLOC_ARENA_MAX: '1' });
    expect(loadWorkerConfig({ MALLOC_ARENA_MAX: '4' }).engine.environment).toMatchObject({ MALLOC_ARENA_MAX: '4' });
  });

  it('gives the engine its settings and none of our secrets', () => {
    const { environment } = loadWorkerConfig({
      PATH: '/bin',
      MODEL: 'demo',
      CUDA_VISIBLE_DEVICES: '',
      REDIS_URL: 'redis://:hush@127.0.0.1',
      HF_TOKEN: 'hush',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/hush',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.example/v1/traces?token=hush',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://collector.example/v1/metrics?token=hush',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hush',
    }).engine;
    expect(environment).toMatchObject({ PATH: '/bin', MODEL: 'demo', DEVICE: 'auto', LOG_LEVEL: 'info' });
    expect(environment).toMatchObject({ CUDA_VISIBLE_DEVICES: '' });
    expect(JSON.stringify(environment)).not.toContain('hush');
  });

  it.each(['fp32', 'tf32', 'fp16', 'bf16'])('hands PRECISION=%s to the engine', (precision) => {
    expect(loadWorkerConfig({ PRECISION: precision }).engine.environment).toMatchObject({ PRECISION: precision });
  });
});

it('gives every setting of a store driver a name of its own', () => {
  const names = storage.options.flatMap(({ shape }) => Object.keys(shape)).filter((name) => name !== 'driver');
  expect(new Set(names).size).toBe(names.length);
});
