import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FolderObjectStore } from '@app/storage';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { writeZip } from './zip.js';

const DATE = new Date('2026-11-23T12:00:00Z');
const BYTES = 600_000;

/** counts its open streams */
class WatchedStore extends FolderObjectStore {
  readonly open = new Set<Readable>();
  breaksAfter: number | undefined;

  override async get(...args: Parameters<FolderObjectStore['get']>): Promise<Readable> {
    const stream = await super.get(...args);
    this.open.add(stream);
    stream.once('close', () => this.open.delete(stream));
    return this.breaksAfter === undefined ? stream : breakAfter(stream, this.breaksAfter);
  }
}

function breakAfter(stream: Readable, bytes: number): Readable {
  let seen = 0;
  stream.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen >= bytes) stream.destroy(new Error('store is away'));
  });
  return stream.pause();
}

describe(writeZip.name, () => {
  let folder: string;
  let store: WatchedStore;
  const entries = ['vocals', 'drums', 'bass'].map((stem) => ({
    key: `stems/${stem}`,
    name: `Für Élise (${stem}).wav`,
  }));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archive-'));
    store = new WatchedStore(folder);
    for (const [index, { key }] of entries.entries()) {
      await store.put(key, Readable.from([Buffer.alloc(BYTES, index + 1)], { objectMode: false }));
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  const zip = async (): Promise<Buffer> => {
    const out = new PassThrough();
    const [, bytes] = await Promise.all([
      writeZip(store, entries, DATE, out, AbortSignal.timeout(10_000)),
      buffer(out),
    ]);
    return bytes;
  };

  it('holds every object unchanged, by name and in order', async () => {
    const bytes = await zip();
    const names = [...bytes.toString('utf8').matchAll(/Für Élise \((\w+)\)\.wav/g)].map(([, stem]) => stem);
    expect(names.slice(-3)).toEqual(['vocals', 'drums', 'bass']);
    for (const value of [1, 2, 3]) expect(bytes.includes(Buffer.alloc(BYTES, value))).toBe(true);
    expect(bytes.length).toBeLessThan(BYTES * 3 + 2000);
    expect(bytes.subarray(-22).toString('latin1', 0, 4)).toBe('PK\x05\x06');
    expect(bytes.readUInt16LE(bytes.length - 12)).toBe(3);
  });

  it('has equal bytes for equal objects', async () => {
    expect((await zip()).equals(await zip())).toBe(true);
  });

  it('closes its open object when the reader leaves', async () => {
    const gone = new AbortController();
    const out = new PassThrough();
    const failed = expect(writeZip(store, entries, DATE, out, gone.signal)).rejects.toThrow();
    out.once('data', () => {
      expect(store.open.size).toBe(1);
      gone.abort(new Error('client gone'));
    });
    await failed;
    await waitUntil('the object to be closed', () => store.open.size === 0);
    expect(out.destroyed).toBe(true);
  });

  it('breaks off, without an end, when an object does', async () => {
    store.breaksAfter = 100_000;
    const out = new PassThrough();
    const read = expect(buffer(out)).rejects.toThrow();
    await expect(writeZip(store, entries, DATE, out, AbortSignal.timeout(5000))).rejects.toThrow('store is away');
    await read;
    store.breaksAfter = undefined;
  });
});
