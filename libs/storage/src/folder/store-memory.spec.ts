import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisConnections, RedisKeys } from '@app/redis';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { collect } from '../contract/bytes.js';
import { StorageUnavailableError, WrongStoreError } from '../storage.errors.js';
import { FolderObjectStore } from './folder-object-store.js';
import { StoreMemory } from './store-memory.js';

describe(StoreMemory.name, () => {
  let redis: RedisServer;
  let connections: RedisConnections;
  let root: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(async () => {
    connections = new RedisConnections({ url: redis.url }, new RedisKeys(crypto.randomUUID()));
    root = await mkdtemp(join(tmpdir(), 'objects-'));
  });
  afterEach(async () => {
    await connections.close();
    for (const path of [root, `${root}-away`]) await rm(path, { recursive: true, force: true });
  });
  afterAll(() => redis.close());

  /** The store of a process that starts now. */
  const started = (): FolderObjectStore => new FolderObjectStore(root, new StoreMemory(connections));
  const forget = (): Promise<unknown> => connections.call((client) => client.del(connections.keys.store));

  async function unmount(): Promise<void> {
    await rename(root, `${root}-away`);
    await mkdir(root);
  }

  async function mount(): Promise<void> {
    await rm(root, { recursive: true });
    await rename(`${root}-away`, root);
  }

  it('keeps a process that starts on an empty mount point from every use of it, until the disk is back', async () => {
    await started().putText('songs/a', 'x');
    await unmount();
    const sut = started();
    const calls = [
      () => sut.putText('songs/b', 'x'),
      () => sut.put('songs/b', Readable.from(['x'])),
      () => sut.getText('songs/a'),
      () => sut.head('songs/a'),
      () => sut.remove('songs/a'),
      () => sut.removeAll('songs/'),
      () => collect(sut.list('')),
      () => collect(sut.listFolders('')),
      () => sut.ping(),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(WrongStoreError);
    await expect(sut.ping()).rejects.toThrow(/mount the disk .* remove the key \S+:separations:store from Redis/);
    expect(await readdir(root)).toEqual([]);
    await mount();
    expect(await sut.getText('songs/a')).toBe('x');
    await sut.ping();
  });

  it('lets an operator begin with an empty folder by removing the key, with no restart', async () => {
    await started().putText('songs/a', 'x');
    await unmount();
    const sut = started();
    await expect(sut.ping()).rejects.toThrow(WrongStoreError);
    await forget();
    await sut.putText('songs/b', 'x');
    await started().ping();
  });

  /** Puts another store in the place of the one that was used. */
  async function mountAnother(): Promise<void> {
    await unmount();
    await new FolderObjectStore(root).putText('songs/a', 'of another store');
  }

  it('tells a store from another one, in a folder that is not empty, before anything is written', async () => {
    await started().putText('songs/a', 'x');
    await mountAnother();
    const sut = started();
    await expect(sut.putText('songs/b', 'x')).rejects.toThrow(WrongStoreError);
    await expect(sut.ping()).rejects.toThrow(WrongStoreError);
    await expect(sut.getText('songs/b')).rejects.toThrow(WrongStoreError);
    await forget();
    await sut.ping();
    expect(await sut.getText('songs/a')).toBe('of another store');
  });

  it('goes on with the right disk once it is mounted, also in a process that started on another', async () => {
    await started().putText('songs/a', 'x');
    await mountAnother();
    const sut = started();
    await expect(sut.ping()).rejects.toThrow(WrongStoreError);
    await mount();
    await sut.ping();
    expect(await sut.getText('songs/a')).toBe('x');
  });

  it('is not filled again by a process whose disk was changed for another', async () => {
    const running = started();
    await running.putText('songs/a', 'x');
    await mountAnother();
    await forget();
    await expect(running.ping()).rejects.toThrow(StorageUnavailableError);
    const sut = started();
    await sut.ping();
    expect(await sut.getText('songs/a')).toBe('of another store');
  });

  it('is filled while the disk is away, by a process that knows it', async () => {
    const running = started();
    await running.putText('songs/a', 'x');
    await unmount();
    await forget();
    await expect(running.ping()).rejects.toThrow(StorageUnavailableError);
    await expect(started().putText('songs/b', 'x')).rejects.toThrow(WrongStoreError);
  });

  it('is filled again after Redis was wiped, by the next ping', async () => {
    const running = started();
    await running.putText('songs/a', 'x');
    await forget();
    await running.ping();
    await unmount();
    await expect(started().ping()).rejects.toThrow(WrongStoreError);
  });

  it('agrees on one new store for many processes at once', async () => {
    const stores = Array.from({ length: 8 }, started);
    await Promise.all(stores.map((store, at) => store.putText(`songs/${at}`, 'x')));
    await Promise.all(stores.map((store) => store.ping()));
    expect((await readdir(root)).sort()).toEqual(['.store', '.unfinished', 'songs']);
  });

  it('needs Redis only to make a new store', async () => {
    await started().putText('songs/a', 'x');
    await redis.kill();
    const sut = started();
    expect(await sut.getText('songs/a')).toBe('x');
    await sut.ping();
    await unmount();
    await expect(started().putText('songs/b', 'x')).rejects.toThrow(StorageUnavailableError);
    expect(await readdir(root)).toEqual([]);
    await redis.start();
    const again = started();
    await waitUntil('Redis to say it', () =>
      again.ping().then(String, (error: unknown) => error instanceof WrongStoreError),
    );
  });
});
