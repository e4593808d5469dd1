import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createObjectStore, type ObjectStore } from '@app/storage';
import { s3Environment } from '../../../test/support/servers/s3-environment.js';
import { startS3Server, type S3Server } from '../../../test/support/servers/s3-server.js';

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
  });

  afterAll(async () => {
    await store.close();
    await s3.stop();
    await rm(folder, { recursive: true, force: true });
  });

  let policy = {};

  const copy = (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
    const env = { PATH: process.env['PATH'] ?? '', ...s3Environment(s3.config), MODELS_DIR: folder, ...policy };
    const script = ['--import', './scripts/support/typescript.mjs', 'apps/worker/src/models-from-bucket.ts'];
    return spawnSync(process.execPath, [...script, ...args], { env, encoding: 'utf8', timeout: 20_000 });
  };

  it('copies the wanted models and no other', async () => {
    expect(copy('tiny')).toMatchObject({ status: 0, stderr: '' });
    expect(await readdir(folder)).toEqual(['tiny']);
    expect((await readdir(join(folder, 'tiny'))).sort()).toEqual(['abc.safetensors', 'tiny.yaml']);
    expect(await readFile(join(folder, 'tiny', 'abc.safetensors'), 'utf8')).toBe('weights');
  });

  it('copies nothing twice', () => {
    expect(copy('tiny')).toMatchObject({ status: 0, stdout: '' });
  });

  it('copies no model whose license the operator does not allow', () => {
    policy = { MODEL: 'demo', MODEL_LICENCES: 'permissive,own' };
    expect(copy('tiny2', 'htdemucs')).toMatchObject({
      status: 1,
      stderr:
        'Cannot fetch the models: the license of htdemucs is none-stated, but MODEL_LICENCES allows only permissive, own\n',
    });
    expect(readdirSync(folder)).toEqual(['tiny']);
    policy = {};
  });

  it('names a model that is not below the prefix', () => {
    expect(copy('--prefix', 'elsewhere/', 'tiny')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has no model below elsewhere/tiny/'),
    });
  });
});
