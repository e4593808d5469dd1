import { mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { objectKeys, type Manifest, type StoredRequest } from '@app/separations';
import { FolderObjectStore, StorageUnavailableError } from '@app/storage';
import { QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { Documents, someManifest, someRequest } from '../../../test/support/separations/stored-separations.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { documentKeys } from './document-keys.js';
import { endingOf, needsRun, unreadableRequest } from './ending.js';
import { SeparationStore } from './separation-store.js';

/** A folder that cuts documents off as they are read. */
class CuttingStore extends FolderObjectStore {
  cutReads = 0;

  override async getText(...args: Parameters<FolderObjectStore['getText']>): Promise<string | undefined> {
    const text = await super.getText(...args);
    return this.cutReads-- > 0 ? text?.slice(0, 11) : text;
  }
}

describe(`${SeparationStore.name}, with damaged documents`, () => {
  let redis: RedisServer;
  let here: QueueFixture;
  let folder: string;
  let objects: CuttingStore;
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
    objects = new CuttingStore(folder);
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

  const status = async (): Promise<string | undefined> => {
    const stored = await sut.find(request.id);
    return stored && (endingOf(stored)?.status ?? 'open');
  };

  it.each<[what: string, document: 'request' | 'manifest', text: string]>([
    ['an empty request', 'request', ''],
    ['a request that breaks off', 'request', '{"id":"sep_'],
    ['a request of 2 MiB', 'request', ' '.repeat(2 * 1024 * 1024)],
    ['the request of another separation', 'request', JSON.stringify(someRequest())],
    ['an empty manifest', 'manifest', ''],
    ['a manifest without fields', 'manifest', '{}'],
    ['the manifest of another separation', 'manifest', JSON.stringify(someManifest(someRequest()))],
  ])('takes %s for a failure, which may be removed or accepted again', async (_, document, text) => {
    const found = async (): Promise<unknown> => {
      const stored = await sut.find(request.id);
      return stored && endingOf(stored);
    };
    const failed = { status: 'failed', failure: { code: 'record_damaged' } };
    await sut.index.add('ann', request.id, request.createdAt);
    await objects.putText(documentKeys[document](request.id), text);
    expect(await found()).toMatchObject(failed);
    expect((await sut.find(request.id))?.request.owner).toBe(document === 'request' ? 'ann' : null);
    await objects.put('staging/song', Readable.from(['song']));
    await sut.accept(request, 'staging/song');
    expect(await found()).toBeUndefined();
    await objects.putText(documentKeys[document](request.id), text);
    const damaged = await sut.find(request.id);
    if (damaged !== undefined) await sut.remove(damaged.request);
    expect(await ids()).toEqual([]);
  });

  it.each<'request' | 'manifest'>(['request', 'manifest'])(
    'takes a %s that its disk cannot read for a failure, which may be accepted again',
    async (document) => {
      const path = join(folder, documentKeys[document](request.id));
      await rm(path, { force: true });
      // Linux answers EIO to whoever reads it
      await symlink('/proc/self/mem', path);
      expect(await status()).toBe('failed');
      await objects.put('staging/song', Readable.from(['song']));
      await sut.accept(request, 'staging/song');
      expect(await status()).toBe('open');
    },
  );

  it.each<'request' | 'manifest'>(['request', 'manifest'])(
    'ends, commits and removes nothing while the disk cannot read the %s, and goes on afterwards',
    async (document) => {
      const path = join(folder, documentKeys[document](request.id));
      const stem = objectKeys.stem(request.id, 'vocals', 'flac', 'b'.repeat(64));
      await objects.put(stem, Readable.from(['stem']));
      await rename(path, `${path}-away`).catch(() => undefined);
      await symlink('/proc/self/mem', path);
      const failure = { code: 'internal', message: 'no' } as const;
      for (const call of [
        () => sut.commit(request, manifest),
        () => sut.fail(request, failure),
        () => sut.cancel(request),
        () => sut.removeResults(request),
        () => sut.find(request.id, { isForWork: true }),
      ])
        await expect(call()).rejects.toThrow(StorageUnavailableError);
      await rm(path);
      await rename(`${path}-away`, path).catch(() => undefined);
      expect(await status()).toBe('open');
      expect(await objects.head(stem)).toBeDefined();
      await sut.commit(request, manifest);
      expect(await status()).toBe('completed');
    },
  );

  it('takes no manifest of another track for its end', async () => {
    const asked = { ...request, track: 2 };
    await documents.putRequest(asked);
    await documents.putManifest(manifest);
    expect(await status()).toBe('open');
    const { options } = manifest;
    await sut.commit(asked, { ...manifest, options: { ...options, track: 2 } });
    expect(await status()).toBe('completed');
  });

  it('shows what can be known of a separation whose request cannot be read, and what to do', async () => {
    await sut.index.add('ann', request.id, request.createdAt);
    await objects.putText(documentKeys.request(request.id), '');
    const stored = await sut.find(request.id);
    const at = stored?.damage?.at ?? '';
    expect(Date.now() - Date.parse(at)).toBeLessThan(60_000);
    expect(stored).toEqual({ request: unreadableRequest(request.id, 'ann', at), damage: { document: 'request', at } });
    expect(stored?.request).toMatchObject({
      requestId: 'unknown',
      fileName: 'unknown',
      model: 'unknown',
      stems: [],
      formats: [],
      outcome: { state: 'accepted' },
    });
    expect(stored && endingOf(stored)).toEqual({
      status: 'failed',
      at,
      failure: {
        code: 'record_damaged',
        message: 'The stored request of this separation cannot be read. Send the song again, or delete the separation.',
      },
    });
    expect(await sut.has(request.id)).toBe(true);
  });

  it('removes no file behind a manifest that cannot be read', async () => {
    const { signal } = new AbortController();
    const stem = objectKeys.stem(request.id, 'vocals', 'flac', 'b'.repeat(64));
    await objects.put(stem, Readable.from(['stem']));
    await objects.putText(documentKeys.manifest(request.id), '{"id":');
    expect(await sut.removeStrays(request.id, -1, signal)).toBe(0);
    expect(await objects.head(stem)).toBeDefined();
  });

  it('reads a document again before it believes that it is damaged', async () => {
    await sut.commit(request, manifest);
    objects.cutReads = 1;
    expect(await status()).toBe('completed');
    objects.cutReads = 2;
    expect(await status()).toBe('completed');
  });

  it('lets the next run replace a manifest that was not written whole', async () => {
    await objects.putText(documentKeys.manifest(request.id), '{"id":');
    const stored = await sut.find(request.id);
    expect(stored !== undefined && needsRun(stored)).toBe(true);
    await sut.commit(request, manifest);
    expect(await status()).toBe('completed');
  });
});
