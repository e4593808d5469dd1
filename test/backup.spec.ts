// docs/backup.md, followed step by step.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import { loadApiConfig } from '@app/config';
import { SeparationQueue } from '@app/queue';
import type { Separation, StoredRequest } from '@app/separations';
import { createObjectStore, type ObjectStore } from '@app/storage';
import { storeSeparation } from '../apps/api/src/media/completed-separation.fixture.js';
import { ReconcilerService } from '../apps/api/src/reconciler/reconciler.service.js';
import { RedisServer } from './support/servers/redis-server.js';
import { s3Environment } from './support/servers/s3-environment.js';
import { startS3Server, type S3Server } from './support/servers/s3-server.js';
import { startApi, type InProcessApi } from './support/service/in-process-api.js';
import { makeSong } from './support/songs/songs.js';
import { waitUntil } from './support/wait-until.js';

const STEMS = ['vocals', 'drums'];
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** how an operator copies a store away, and back into an empty one */
interface Copying {
  backUp(to: string): Promise<void>;
  wipe(): Promise<void>;
  restore(from: string): Promise<void>;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', `${from}/.`, to]);
}

function ofFolder(root: string): Copying {
  return {
    backUp: (to) => copyFolder(root, to),
    wipe: () => rm(root, { recursive: true }),
    restore: async (from) => {
      await mkdir(root);
      await copyFolder(from, root);
    },
  };
}

/** as `rclone sync` does: objects by their keys and bytes, in the order of their names */
function ofBucket(store: ObjectStore): Copying {
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  };
  return {
    backUp: async (to) => {
      for (const key of await keys()) {
        await mkdir(dirname(join(to, key)), { recursive: true });
        await pipeline(await store.get(key), createWriteStream(join(to, key)));
      }
    },
    wipe: async () => {
      for (const key of await keys()) await store.remove(key);
    },
    restore: async (from) => {
      const files = await readdir(from, { recursive: true, withFileTypes: true });
      for (const file of files.filter((entry) => entry.isFile())) {
        const path = join(file.parentPath, file.name);
        await store.put(path.slice(from.length + 1), createReadStream(path));
      }
    },
  };
}

describe.each(['folder', 's3'] as const)('a backup of a %s', (driver) => {
  let folder: string;
  let redis: RedisServer;
  let s3: S3Server | undefined;
  let env: Record<string, string>;
  let store: ObjectStore;
  let copying: Copying;
  let api: InProcessApi;
  let completed: StoredRequest;
  let waiting: Separation;
  let song: string;
  let webhook: { id: string };
  let before: Awaited<ReturnType<typeof whatClientsSee>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backup-'));
    redis = await RedisServer.start();
    s3 = driver === 's3' ? await startS3Server() : undefined;
    env = { DATA_DIR: folder, WEBHOOK_ALLOW: '127.0.0.1', MODEL: 'demo', ...(s3 && s3Environment(s3.config)) };
    store = createObjectStore(loadApiConfig(env).storage);
    copying = s3 === undefined ? ofFolder(join(folder, 'objects')) : ofBucket(store);
    api = await startApi(redis.url, env);
    const ffmpeg = new Ffmpeg(await resolveFfmpeg(loadApiConfig(env).audio));
    completed = await storeSeparation(ffmpeg, api.store, { seconds: 2, stems: STEMS });
    song = await makeSong(folder, 3);
    const accepted = await api.client.upload(song);
    expect(accepted.status).toBe(202);
    waiting = accepted.body;
    await api.client.edit(completed.id, { title: 'My own title' });
    webhook = (await api.client.json<{ id: string }>('/v1/webhooks', hook())).body;
    // lists what it did not accept itself
    await api.app.get(ReconcilerService).run();
    before = await whatClientsSee();
    expect(before.listed).toHaveLength(2);

    await copying.backUp(join(folder, 'backup'));
    await api.close();
    await redis.wipe();
    await copying.wipe();
  });

  afterAll(async () => {
    await api.close();
    await store.close();
    await s3?.stop();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  function hook(): RequestInit {
    const body = JSON.stringify({ url: 'http://127.0.0.1:18080/done' });
    return { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  }

  async function whatClientsSee(): Promise<{ listed: string[]; titles: unknown; hashes: string[] }> {
    const { body } = await api.client.json<{ separations: Separation[] }>('/v1/separations');
    const files = [...STEMS.map((stem) => `stems/${stem}.flac`), 'waveform', 'input'].map(
      (file) => `/v1/separations/${completed.id}/${file}`,
    );
    const answers = await Promise.all(
      [...files, `/v1/separations/${waiting.id}/input`].map((path) => api.client.bytes(path)),
    );
    return {
      listed: body.separations.map(({ id, status }) => `${id} ${status}`).sort(),
      titles: body.separations.map((separation) => separation.title),
      hashes: answers.map((answer) => `${answer.status} ${sha256(answer.body)}`),
    };
  }

  it('leaves nothing where it was taken from: the loss is real', async () => {
    api = await startApi(redis.url, env);
    const { listed, hashes } = await whatClientsSee();
    expect(listed).toEqual([]);
    expect(hashes.every((answer) => answer.startsWith('404'))).toBe(true);
    await api.close();
  });

  it('brings back every song, its files, titles and webhooks, and queues what had not ended', async () => {
    // what the empty start above may have left
    await redis.wipe();
    await copying.wipe();
    await copying.restore(join(folder, 'backup'));
    api = await startApi(redis.url, env);
    await waitUntil('the lists are back', async () => (await whatClientsSee()).listed.length === 2, {
      deadlineMs: 30_000,
    });
    expect(await whatClientsSee()).toEqual(before);
    expect(before.hashes.at(-1)).toBe(`200 ${sha256(await readFile(song))}`);
    expect(before.titles).toContain('My own title');
    const queue = api.app.get(SeparationQueue);
    const job = await waitUntil('the song is queued', () => queue.state(waiting.id), { deadlineMs: 30_000 });
    expect(job.status).toBe('queued');
    const { body } = await api.client.json<{ webhooks: { id: string }[] }>('/v1/webhooks');
    expect(body.webhooks.map(({ id }) => id)).toEqual([webhook.id]);
  });

  it('takes an equal upload for the song that it knows', async () => {
    const again = await api.client.upload(song);
    expect([again.status, again.body.id]).toEqual([202, waiting.id]);
  });
});
