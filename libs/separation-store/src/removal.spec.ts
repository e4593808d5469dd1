import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type Manifest, type StoredRequest } from '@app/separations';
import { FolderObjectStore } from '@app/storage';
import { QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { Documents, someManifest, someRequest } from '../../../test/support/separations/stored-separations.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { documentKeys } from './document-keys.js';
import { SeparationIndex } from './separation-index.js';
import { SeparationStore } from './separation-store.js';

const SHA256 = 'b'.repeat(64);
const FAILURE = { code: 'internal', message: 'no' } as const;

describe(`${SeparationStore.name}, removing`, () => {
  let redis: RedisServer;
  let here: QueueFixture;
  let folder: string;
  let objects: FolderObjectStore;
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
    objects = new FolderObjectStore(folder);
    documents = new Documents(objects);
    sut = new SeparationStore(objects, here.connections, { callTimeoutMs: 10_000, lockWaitMs: 10_000 });
    request = someRequest();
    manifest = someManifest(request);
    await documents.putRequest(request);
  });
  afterEach(async () => {
    await here.close();
    await rm(folder, { recursive: true });
  });

  const ids = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const id of sut.ids(new AbortController().signal)) found.push(id);
    return found;
  };

  it('removes everything, the request first, and takes it off the list', async () => {
    const index = new SeparationIndex(here.connections);
    await index.add(request.owner, request.id, request.createdAt);
    await sut.commit(request, manifest);
    await objects.put(objectKeys.input(request.id, 'mp3'), Readable.from(['song']));
    const order: string[] = [];
    const remove = objects.remove.bind(objects);
    objects.remove = async (...call) => {
      order.push(call[0]);
      return remove(...call);
    };
    await sut.remove(request);
    expect(order[0]).toBe(documentKeys.request(request.id));
    expect(await ids()).toEqual([]);
    expect((await index.page(request.owner, null, 5)).ids).toEqual([]);
  });

  it('removes the results of what failed, and keeps those of what is completed', async () => {
    const stem = objectKeys.stem(request.id, 'vocals', 'flac', SHA256);
    await objects.put(stem, Readable.from(['stem']));
    await sut.commit(request, manifest);
    await sut.removeResults(request);
    expect(await objects.head(stem)).toBeDefined();
    const failed = someRequest();
    await documents.putRequest(failed);
    const lost = [objectKeys.stem(failed.id, 'vocals', 'flac', SHA256), objectKeys.waveform(failed.id, SHA256)];
    for (const key of lost) await objects.put(key, Readable.from(['x']));
    await sut.fail(failed, FAILURE);
    expect(await Promise.all(lost.map((key) => objects.head(key)))).toEqual([undefined, undefined]);
  });

  it('sweeps what is left without a request: a song when it is old, the rest at once', async () => {
    const { signal } = new AbortController();
    const orphan = someRequest();
    const keysOf = ({ id }: StoredRequest): string[] => [
      objectKeys.input(id, 'mp3'),
      objectKeys.stem(id, 'vocals', 'mp3', SHA256),
      `${objectKeys.separation(id)}manifest.json`,
    ];
    for (const key of [...keysOf(request), ...keysOf(orphan)]) await objects.put(key, Readable.from(['bytes']));
    const left = async (of: StoredRequest): Promise<boolean[]> =>
      Promise.all(keysOf(of).map(async (key) => (await objects.head(key)) !== undefined));
    for (const { id } of [request, orphan]) await sut.removeOrphan(id, 60_000, signal);
    expect([await left(request), await left(orphan)]).toEqual([
      [true, true, true],
      [true, false, false],
    ]);
    expect(await sut.removeStrays(orphan.id, 60_000, signal)).toBe(0);
    for (const { id } of [request, orphan]) await sut.removeStrays(id, -1, signal);
    expect(await left(orphan)).toEqual([false, false, false]);
    for (const { id } of [request, orphan]) await sut.removeOrphan(id, -1, signal);
    expect(await ids()).toEqual([request.id]);
  });

  it('finds no separation in other folders, and stops when its caller does', async () => {
    await objects.put('separations/not-an-id/input.mp3', Readable.from(['song']));
    expect(await ids()).toEqual([request.id]);
    const never = sut.ids(AbortSignal.abort(new Error('the caller stopped')));
    await expect(never.next()).rejects.toThrow('the caller stopped');
    expect(await sut.removeStrays(someRequest().id, -1, new AbortController().signal)).toBe(0);
  });

  it('removes artefacts of an ended separation that nothing refers to, and no others', async () => {
    const { signal } = new AbortController();
    const { id } = request;
    const other = 'c'.repeat(64);
    const [vocals, waveform] = [objectKeys.stem(id, 'vocals', 'flac', SHA256), objectKeys.waveform(id, SHA256)];
    const file = { sha256: SHA256, bytes: 1 };
    const stems = [{ name: 'vocals', key: vocals, ...file, samples: 1, peakDb: null }];
    const onDemand = objectKeys.stem(id, 'vocals', 'mp3', SHA256);
    const kept = [vocals, waveform, onDemand, objectKeys.input(id, 'mp3'), `${objectKeys.separation(id)}analysis.json`];
    // a worker that was lost while somebody listened
    const heard = objectKeys.previewBlock(id, 'a'.repeat(12), 'vocals', 0);
    const strays = [objectKeys.stem(id, 'vocals', 'flac', other), objectKeys.waveform(id, other), heard];
    for (const key of [...kept, ...strays]) await objects.put(key, Readable.from(['x']));
    const original = { ...file, key: objectKeys.original(id, SHA256), samples: 1, peakDb: null, gainDb: 0 };
    await objects.put(objectKeys.original(id, other), Readable.from(['x']));
    expect(await sut.removeStrays(id, -1, signal)).toBe(0);
    await sut.commit(request, { ...manifest, stems, original, artefacts: [{ ...file, key: waveform }] });
    expect(await sut.removeStrays(id, 60_000, signal)).toBe(0);
    expect(await sut.removeStrays(id, -1, signal)).toBe(4);
    for (const key of kept) expect(await objects.head(key)).toBeDefined();
  });
});
