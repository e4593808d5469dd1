import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisLock, RedisUnavailableError } from '@app/redis';
import { objectKeys, type Manifest, type StoredRequest } from '@app/separations';
import { FolderObjectStore, ObjectNotFoundError, StorageUnavailableError, type ObjectInfo } from '@app/storage';
import { gate, QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { endingOf, type Ended } from './ending.js';
import { SeparationStore } from './separation-store.js';
import { SeparationBusyError, SeparationEndedError } from './store.errors.js';
import {
  Documents,
  someAnalysis,
  someManifest,
  someRequest,
} from '../../../test/support/separations/stored-separations.js';

const SHA256 = 'b'.repeat(64);
const FAILURE = { code: 'internal', message: 'no' } as const;

/** A folder that keeps a manifest waiting until the spec lets it through. */
class SlowStore extends FolderObjectStore {
  readonly reached = gate();
  readonly release = gate();
  isSlow = false;
  /** how often it does not find a request that it has */
  misses = 0;

  override async head(...[key, ...rest]: Parameters<FolderObjectStore['head']>): Promise<ObjectInfo | undefined> {
    return this.isMissed(key) ? undefined : super.head(key, ...rest);
  }

  private isMissed(key: string): boolean {
    return key.endsWith('request.json') && this.misses-- > 0;
  }

  override async getText(...args: Parameters<FolderObjectStore['getText']>): Promise<string | undefined> {
    return this.isMissed(args[0]) ? undefined : super.getText(...args);
  }

  override async putText(...[key, ...rest]: Parameters<FolderObjectStore['putText']>): Promise<void> {
    if (this.isSlow && key.endsWith('manifest.json')) {
      this.reached.open();
      await this.release.passed;
    }
    return super.putText(key, ...rest);
  }
}

describe(SeparationStore.name, () => {
  let redis: RedisServer;
  let here: QueueFixture;
  let folder: string;
  let objects: SlowStore;
  let documents: Documents;
  let request: StoredRequest;
  let manifest: Manifest;
  let sut: SeparationStore;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.close());

  beforeEach(async () => {
    here = new QueueFixture(redis.url);
    folder = await mkdtemp(join(tmpdir(), 'separations-'));
    objects = new SlowStore(folder);
    documents = new Documents(objects);
    sut = storeOn(here);
    request = someRequest();
    manifest = someManifest(request);
    await documents.putRequest(request);
  });
  afterEach(async () => {
    await here.close();
    await rm(folder, { recursive: true });
  });

  function storeOn({ connections }: QueueFixture, lockWaitMs = 10_000): SeparationStore {
    return new SeparationStore(objects, connections, { callTimeoutMs: 10_000, lockWaitMs });
  }

  const status = async (): Promise<string | undefined> => {
    const stored = await sut.find(request.id);
    return stored === undefined ? 'none' : (endingOf(stored)?.status ?? 'open');
  };

  it('is open until one of three endings, and tells each ending once', async () => {
    const [failed, cancelled] = [someRequest(), someRequest()];
    for (const one of [failed, cancelled]) await documents.putRequest(one);
    const told: Ended[] = [];
    sut.listeners.onEnded((ended) => told.push(ended));
    expect(await status()).toBe('open');
    await sut.commit(request, manifest);
    await sut.fail(failed, FAILURE);
    await sut.cancel(cancelled);
    await sut.cancel(cancelled);
    await sut.fail(request, FAILURE);
    expect(told.map((one) => [one.request.id, one.ending.status])).toEqual([
      [request.id, 'completed'],
      [failed.id, 'failed'],
      [cancelled.id, 'cancelled'],
    ]);
    expect(await sut.find(request.id)).toEqual({ request, manifest });
  });

  it.each([
    ['cancelled', (): Promise<void> => sut.cancel(request)],
    ['failed', (): Promise<void> => sut.fail(request, FAILURE)],
    ['removed', (): Promise<void> => sut.remove(request)],
  ])('commits nothing that is already %s', async (state, end) => {
    await end();
    const other = { ...manifest, finishedAt: '2026-01-01T00:00:00.000Z' };
    const late = sut.commit(request, other);
    await expect(late).rejects.toThrow(SeparationEndedError);
    await expect(late).rejects.toMatchObject({ state });
    expect((await documents.manifest(request.id))?.finishedAt).not.toBe(other.finishedAt);
  });

  it('commits nothing of a run before the song was accepted again', async () => {
    const earlier = { ...request, createdAt: '2026-01-01T00:00:00.000Z' };
    await expect(sut.commit(earlier, manifest)).rejects.toMatchObject({ state: 'removed' });
    expect(await documents.manifest(request.id)).toBeUndefined();
  });

  it('loses no finished work to a store that once does not find the request', async () => {
    objects.misses = 1;
    await sut.commit(request, manifest);
    expect(await documents.manifest(request.id)).toEqual(manifest);
  });

  it('removes nothing of a separation whose request the store lists but does not find', async () => {
    await sut.commit(request, manifest);
    objects.misses = 1;
    const { signal } = new AbortController();
    await expect(sut.removeOrphan(request.id, 0, signal)).rejects.toThrow(StorageUnavailableError);
    expect(await sut.find(request.id)).toEqual({ request, manifest });
  });

  it('keeps the manifest of the first run, and tells of one end', async () => {
    const told: Ended[] = [];
    sut.listeners.onEnded((ended) => told.push(ended));
    await sut.commit(request, manifest);
    const second = sut.commit(request, { ...manifest, gainDb: -3 });
    await expect(second).rejects.toMatchObject({ code: 'separation_ended', state: 'completed' });
    expect(await documents.manifest(request.id)).toEqual(manifest);
    expect(told).toHaveLength(1);
  });

  it('commits nothing for a worker that loses its job while it waits for the lock', async () => {
    const lock = new RedisLock(here.connections, here.connections.keys.separationLock(request.id), 10_000);
    await lock.acquire();
    const job = new AbortController();
    const commit = expect(sut.commit(request, manifest, { signal: job.signal })).rejects.toThrow(
      'another worker has it',
    );
    job.abort(new Error('another worker has it'));
    await lock.release();
    await commit;
    expect(await status()).toBe('open');
  });

  it('ends, cleans and removes only the acceptance that it is asked to', async () => {
    const older = { ...request, createdAt: '2026-01-01T00:00:00.000Z' };
    const stem = objectKeys.stem(request.id, 'vocals', 'flac', SHA256);
    await objects.put(stem, Readable.from(['stem']));
    await sut.fail(older, FAILURE);
    await sut.cancel(older);
    await sut.removeResults(older);
    await expect(sut.remove(older)).rejects.toThrow(SeparationBusyError);
    expect(await status()).toBe('open');
    expect(await objects.head(stem)).toBeDefined();
  });

  it('lets a cancel on another server wait for a commit that is under way: what was completed stays so', async () => {
    objects.isSlow = true;
    const commit = sut.commit(request, manifest);
    await objects.reached.passed;
    const other = here.other();
    await expect(storeOn(other, 0).cancel(request)).rejects.toThrow(SeparationBusyError);
    const cancel = storeOn(other).cancel(request);
    objects.release.open();
    await Promise.all([commit, cancel]);
    expect(await status()).toBe('completed');
    expect((await documents.request(request.id))?.outcome).toEqual({ state: 'accepted' });
  });

  it('keeps the lock of a change that takes longer than the lock lasts', async () => {
    objects.isSlow = true;
    const commit = sut.commit(request, manifest);
    await objects.reached.passed;
    const key = here.connections.keys.separationLock(request.id);
    await here.connections.call((client) => client.pexpire(key, 4000));
    // the holder extends it to 10 s every 3.3 s
    await expect(storeOn(here.other(), 5000).cancel(request)).rejects.toThrow(SeparationBusyError);
    objects.release.open();
    await commit;
  });

  it('stays cancelled where a manifest was written all the same, also after it is accepted again', async () => {
    await sut.cancel(request);
    await documents.putManifest(manifest);
    expect(await status()).toBe('cancelled');
    await objects.put(objectKeys.staging('song'), Readable.from(['song']));
    expect(await sut.accept(request, objectKeys.staging('song'))).toEqual(request);
    expect(await status()).toBe('open');
  });

  it('accepts a new song, and one that failed, with a copy of what was staged', async () => {
    const fresh = someRequest();
    await sut.fail(request, FAILURE);
    for (const one of [fresh, { ...request, createdAt: new Date().toISOString() }]) {
      const staged = objectKeys.staging(one.id);
      await objects.put(staged, Readable.from([one.id]));
      expect(await sut.accept(one, staged)).toEqual(one);
      expect(await documents.request(one.id)).toEqual(one);
      expect(await objects.getText(objectKeys.input(one.id, one.inputExtension))).toBe(one.id);
    }
  });

  it('keeps the analysis of a completed separation, until it is removed', async () => {
    await sut.commit(request, manifest);
    await sut.writeAnalysis(request, someAnalysis());
    expect(await sut.findAnalysis(request.id)).toEqual(someAnalysis());
    await sut.remove(request);
    expect(await sut.findAnalysis(request.id)).toBeUndefined();
  });

  it('writes no analysis of what is not completed, was removed, or was accepted again', async () => {
    await sut.writeAnalysis(request, someAnalysis());
    await sut.commit(request, manifest);
    await sut.writeAnalysis({ ...request, createdAt: '2026-01-01T00:00:00.000Z' }, someAnalysis());
    expect(await sut.findAnalysis(request.id)).toBeUndefined();
    await sut.remove(request);
    await sut.writeAnalysis(request, someAnalysis());
    expect(await objects.getText(objectKeys.analysis(request.id))).toBeUndefined();
  });

  it.each(['', '{', '{"version":2}'])('takes an analysis of %j for one that is lost', async (text) => {
    await sut.commit(request, manifest);
    await objects.putText(objectKeys.analysis(request.id), text);
    expect(await sut.findAnalysis(request.id)).toBeUndefined();
  });

  it('accepts nothing whose staged song is gone', async () => {
    const fresh = someRequest();
    await expect(sut.accept(fresh, objectKeys.staging('gone'))).rejects.toThrow(ObjectNotFoundError);
    expect(await sut.find(fresh.id)).toBeUndefined();
  });

  it('accepts an equal song once: the first request counts', async () => {
    await objects.put(objectKeys.staging('song'), Readable.from(['song']));
    const other = { ...request, fileName: 'other.mp3' };
    expect(await sut.accept(other, objectKeys.staging('song'))).toEqual(request);
    await sut.commit(request, manifest);
    expect(await sut.accept(other, objectKeys.staging('song'))).toEqual(request);
  });

  it('commits finished work while Redis is down, and neither cancels nor removes it', async () => {
    await redis.stop();
    try {
      await sut.commit(request, manifest);
      expect(await status()).toBe('completed');
      await expect(sut.cancel(request)).rejects.toThrow(RedisUnavailableError);
      await expect(sut.remove(request)).rejects.toThrow(RedisUnavailableError);
    } finally {
      await redis.start();
    }
  });
});
