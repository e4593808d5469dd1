import { Documents } from '../../../../test/support/separations/stored-separations.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import { loadApiConfig } from '@app/config';
import { objectKeys, type ManifestStem, type StoredRequest } from '@app/separations';
import { RedisConnections } from '@app/redis';
import { SeparationStore } from '@app/separation-store';
import { FolderObjectStore, type ObjectInfo } from '@app/storage';
import { gate } from '../../../../test/support/separations/queue-fixture.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { storeSeparation } from './completed-separation.fixture.js';
import { EncoderSlots } from './encoder-slots.js';
import { StemEncoder } from './stem-encoder.js';

/** a store that holds back its objects until the spec opens it */
class GatedStore extends FolderObjectStore {
  reads = 0;
  /** runs before an object is stored */
  beforePut = (): Promise<void> => Promise.resolve();
  private opening = Promise.resolve();
  private release = (): void => undefined;

  shut(): void {
    this.opening = new Promise((resolve) => (this.release = resolve));
  }

  open(): void {
    this.release();
  }

  override async put(...args: Parameters<FolderObjectStore['put']>): Promise<ObjectInfo> {
    await this.beforePut();
    return super.put(...args);
  }

  override async get(...args: Parameters<FolderObjectStore['get']>): Promise<Readable> {
    this.reads += 1;
    await this.opening;
    return super.get(...args);
  }
}

describe(StemEncoder.name, () => {
  const config = loadApiConfig({ MAX_ENCODINGS: '1' });
  let folder: string;
  let store: GatedStore;
  let ffmpeg: Ffmpeg;
  let request: StoredRequest;
  let stems: readonly ManifestStem[];
  let separations: SeparationStore;
  let slots: EncoderSlots;
  let sut: StemEncoder;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    folder = await mkdtemp(join(tmpdir(), 'encoder-'));
    store = new GatedStore(folder);
    // asks only the store: nothing connects
    const connections = new RedisConnections({ url: new URL('redis://127.0.0.1:1') });
    separations = new SeparationStore(store, connections, { callTimeoutMs: 5000, lockWaitMs: 5000 });
    ffmpeg = new Ffmpeg(await resolveFfmpeg(config.audio));
    request = await storeSeparation(ffmpeg, store, { seconds: 10, stems: ['vocals', 'drums'] });
    stems = (await new Documents(store).manifest(request.id))?.stems ?? [];
  });

  beforeEach(async () => {
    slots = new EncoderSlots(config);
    sut = new StemEncoder(ffmpeg, store, separations, slots);
    for (const { name, sha256 } of stems) await store.remove(objectKeys.stem(request.id, name, 'mp3', sha256));
    store.reads = 0;
    store.shut();
  });

  afterAll(() => rm(folder, { recursive: true }));

  const encode = (stem: number, signal = new AbortController().signal, caller = 'ann'): Promise<ObjectInfo> => {
    const wanted = stems[stem] ?? fail('no such stem');
    return sut.encode(request.id, wanted, 'mp3', signal, caller);
  };
  /** files without the hash in their names */
  const stored = async (): Promise<string[]> => {
    const names = await readdir(join(folder, 'separations', request.id, 'stems'));
    return names.map((name) => name.replace(/-[0-9a-f]{16}/, ''));
  };

  it('encodes once for concurrent requests', async () => {
    const all = [encode(0), encode(0), encode(0)];
    store.open();
    const [first, ...others] = await Promise.all(all);
    expect(others).toEqual([first, first]);
    expect(store.reads).toBe(1);
  });

  it('encodes all stems for one client, however few encoders it may use', async () => {
    const all = Promise.all([encode(0), encode(1)]);
    await waitUntil('the first to run', () => store.reads === 1);
    expect(slots.running).toBe(1);
    store.open();
    await all;
    expect(await stored()).toEqual(expect.arrayContaining(['drums.mp3', 'vocals.mp3']));
  });

  it('keeps half of its encoders for other clients, and refuses a client with too many that wait', async () => {
    slots = new EncoderSlots(loadApiConfig({ MAX_ENCODINGS: '2' }));
    const { signal } = new AbortController();
    const { passed, open } = gate();
    const run = (caller: string): Promise<void> => slots.run(caller, () => passed, signal);
    const all = Array.from({ length: 17 }, () => run('ann'));
    await expect(run('ann')).rejects.toMatchObject({
      code: 'too_many_at_once',
      status: 429,
      headers: { 'Retry-After': '5' },
    });
    expect(slots.running).toBe(1);
    all.push(run('bob'));
    expect(slots.running).toBe(2);
    for (const caller of ['bob', 'cem', 'dan']) all.push(...Array.from({ length: 16 }, () => run(caller)));
    await expect(run('eve')).rejects.toMatchObject({ code: 'busy', status: 503 });
    open();
    await Promise.all(all);
  });

  it('continues for the clients that stay when one leaves', async () => {
    const gone = new AbortController();
    const goes = encode(0, gone.signal);
    const stays = encode(0);
    gone.abort(new Error('client gone'));
    await expect(goes).rejects.toThrow('client gone');
    store.open();
    await expect(stays).resolves.toMatchObject({ bytes: expect.any(Number) });
  });

  it('stops and stores nothing when the last client leaves, and starts again for the next', async () => {
    const gone = new AbortController();
    const goes = encode(0, gone.signal);
    gone.abort(new Error('client gone'));
    await expect(goes).rejects.toThrow('client gone');
    store.open();
    await waitUntil('the encoder to stop', () => slots.running === 0);
    expect(await stored()).toEqual(['drums.flac', 'vocals.flac']);
    await encode(0);
    expect(await stored()).toContain('vocals.mp3');
  });

  it('leaves nothing in a separation that is removed meanwhile', async () => {
    store.open();
    const song = await storeSeparation(ffmpeg, store, { seconds: 1, stems: ['vocals'] });
    const [vocals] = (await new Documents(store).manifest(song.id))?.stems ?? [];
    store.beforePut = async () => {
      store.beforePut = () => Promise.resolve();
      await new Documents(store).removeRequest(song.id);
      await store.removeAll(objectKeys.separation(song.id));
    };
    const encoding = sut.encode(song.id, vocals ?? fail('no stem'), 'mp3', new AbortController().signal, 'ann');
    await expect(encoding).rejects.toMatchObject({ code: 'separation_not_found' });
    expect(await readdir(join(folder, 'separations'))).not.toContain(song.id);
  });

  it('stops running encoders at shutdown', async () => {
    const running = encode(0);
    const failed = expect(running).rejects.toMatchObject({ code: 'busy' });
    sut.onModuleDestroy();
    store.open();
    await failed;
    await waitUntil('the encoder to stop', () => slots.running === 0);
    expect(await stored()).not.toContain('vocals.mp3');
  });
});

function fail(message: string): never {
  throw new Error(message);
}
