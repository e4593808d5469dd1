import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadApiConfig, loadWorkerConfig } from './index.js';

describe(loadApiConfig.name, () => {
  it('listens on loopback only, keeps objects in a folder and needs no key, unless told otherwise', () => {
    const config = loadApiConfig({});
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 3000, apiKeysFile: undefined, corsOrigins: [] });
    expect(config.storage.driver).toBe('folder');
    expect(config.limits).toMatchObject({ maxUploadBytes: 512 * 1024 * 1024, maxDurationSeconds: 3600 });
  });

  it('takes an empty variable as one that is not set', () => {
    expect(loadApiConfig({ PORT: '', REDIS_URL: ' ' }).http.port).toBe(3000);
  });

  it.each([
    ['PORT', '80a'],
    ['PORT', '65536'],
    ['MAX_UPLOAD_BYTES', '1e3'],
    ['STORAGE', 'ftp'],
    ['REDIS_URL', 'http://somewhere'],
    ['LOG_LEVEL', 'loud'],
    ['RETENTION_HOURS', '-1'],
  ])('refuses %s=%s and names the variable', (name, value) => {
    expect(() => loadApiConfig({ [name]: value })).toThrow(expect.objectContaining({ variable: name }));
  });

  it('asks for the S3 credentials when the store is S3, and never prints a secret', () => {
    const env = { STORAGE: 's3', S3_ENDPOINT: 'http://127.0.0.1:9000', S3_SECRET_KEY: 'hush' };
    const load = (): unknown => loadApiConfig(env);
    expect(load).toThrow(new ConfigError('S3_ACCESS_KEY', 'must be set when STORAGE is s3'));
    expect(load).not.toThrow(/hush/);
  });
});

describe(loadWorkerConfig.name, () => {
  it('has its health port beside the one of rest-server', () => {
    expect(loadWorkerConfig({}).http).toEqual({ host: '127.0.0.1', port: 3001 });
  });

  it('keeps models, scratch and the compiled-model cache below the data folder', () => {
    const config = loadWorkerConfig({ DATA_DIR: '/srv/music' });
    expect(config.engine.modelsDir).toBe('/srv/music/models');
    expect(config.engine.cacheDir).toBe('/srv/music/engine-cache');
    expect(config.scratchDir).toBe('/srv/music/scratch');
  });

  it('lets the engine free what its threads leave, unless the allocator was set otherwise', () => {
    expect(loadWorkerConfig({}).engine.environment).toMatchObject({ MALLOC_ARENA_MAX: '1' });
    expect(loadWorkerConfig({ MALLOC_ARENA_MAX: '4' }).engine.environment).toMatchObject({ MALLOC_ARENA_MAX: '4' });
  });

  it('gives the engine its settings and none of our secrets', () => {
    const { environment } = loadWorkerConfig({
      PATH: '/bin',
      MODEL: 'demo',
      REDIS_URL: 'redis://:hush@127.0.0.1',
    }).engine;
    expect(environment).toMatchObject({ PATH: '/bin', MODEL: 'demo', DEVICE: 'auto', LOG_LEVEL: 'info' });
    expect(JSON.stringify(environment)).not.toContain('hush');
  });

  it.each(['fp32', 'tf32', 'bf16'])('hands PRECISION=%s to the engine', (precision) => {
    expect(loadWorkerConfig({ PRECISION: precision }).engine.environment).toMatchObject({ PRECISION: precision });
  });

  it('refuses another precision and names the variable', () => {
    expect(() => loadWorkerConfig({ PRECISION: 'fp8' })).toThrow(expect.objectContaining({ variable: 'PRECISION' }));
  });
});
