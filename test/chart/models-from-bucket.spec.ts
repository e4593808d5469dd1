import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createObjectStore, type ObjectStore } from '@app/storage';
import { startS3Server, type S3Server } from '../support/s3-server.js';

describe('the init container of models.source: bucket', () => {
  let s3: S3Server;
  let store: ObjectStore;
  let folder: string;

  beforeAll(async () => {
    s3 = await startS3Server();
    store = createObjectStore(s3.config);
    folder = await mkdtemp(join(tmpdir(), 'models-'));
    for (const [key, text] of Object.entries({
      'models/tiny/tiny.yaml': 'models: [abc]',
      'models/tiny/abc.safetensors': 'weights',
      'models/tiny2/tiny2.yaml': 'models: [def]',
    })) {
      await store.putText(key, text);
    }
  }, 60_000);

  afterAll(async () => {
    await store.close();
    await s3.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const bring = (...models: string[]): { status: number | null; stdout: string; stderr: string } => {
    const { endpoint, region, bucket, accessKey, secretKey } = s3.config;
    const env = {
      PATH: process.env['PATH'] ?? '',
      S3_ENDPOINT: endpoint.href,
      S3_REGION: region,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      MODELS_DIR: folder,
      MODELS_PREFIX: 'models/',
    };
    const script = resolve('scripts', 'models-from-bucket.mjs');
    return spawnSync(process.execPath, [script, ...models], { env, encoding: 'utf8', timeout: 20_000 });
  };

  it('brings the wanted models and no other', async () => {
    expect(bring('tiny')).toMatchObject({ status: 0, stderr: '' });
    expect(await readdir(folder)).toEqual(['tiny']);
    expect((await readdir(join(folder, 'tiny'))).sort()).toEqual(['abc.safetensors', 'tiny.yaml']);
    expect(await readFile(join(folder, 'tiny', 'abc.safetensors'), 'utf8')).toBe('weights');
  });

  it('brings nothing twice', () => {
    expect(bring('tiny')).toMatchObject({ status: 0, stdout: '' });
  });

  it('names a model that the bucket does not have', () => {
    expect(bring('htdemucs')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has no model below models/htdemucs/'),
    });
  });
});
