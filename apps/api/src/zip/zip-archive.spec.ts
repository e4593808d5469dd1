import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { FolderObjectStore } from '@app/storage';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { Checksums } from './checksums.js';
import { ZipArchive } from './zip-archive.js';
import type { ZipEntry } from './zip-entry.js';

const DATE = new Date('2026-11-23T12:00:00Z');
const BYTES = 600_000;
const GIB = 1024 ** 3;
const PYTHON = resolve('engine/.venv/bin/python');

/** prints each entry, and reads those below a megabyte */
const LIST = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    print(json.dumps([
        [i.filename, i.file_size, i.date_time, i.header_offset,
         len(archive.read(i)) if i.file_size < 1_000_000 else archive.open(i).read(4).hex()]
        for i in archive.infolist()
    ]))
`;

/** counts its open streams and the bytes it gave */
class WatchedStore extends FolderObjectStore {
  readonly open = new Set<Readable>();
  given = 0;
  breaksAfter: number | undefined;

  override async get(...args: Parameters<FolderObjectStore['get']>): Promise<Readable> {
    const stream = await super.get(...args);
    this.open.add(stream);
    stream.once('close', () => this.open.delete(stream));
    const limit = this.breaksAfter ?? Number.POSITIVE_INFINITY;
    const count = async function* (this: WatchedStore): AsyncGenerator<Buffer> {
      for await (const chunk of stream) {
        this.given += (chunk as Buffer).length;
        if (this.given > limit) throw new Error('store is away');
        yield chunk as Buffer;
      }
    };
    return Readable.from(count.call(this), { objectMode: false });
  }
}

describe(ZipArchive.name, () => {
  let folder: string;
  let store: WatchedStore;
  let checksums: Checksums;
  const { signal } = new AbortController();
  const entries: ZipEntry[] = ['vocals', 'drums', 'bass'].map((stem) => ({
    key: `stems/${stem}`,
    bytes: BYTES,
    etag: `"${stem}"`,
    name: `Für Élise (${stem}).wav`,
  }));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archive-'));
    const writer = new FolderObjectStore(folder);
    for (const [index, { key }] of entries.entries()) {
      await writer.put(key, Readable.from([Buffer.alloc(BYTES, index + 1)], { objectMode: false }));
    }
  });

  beforeEach(() => {
    store = new WatchedStore(folder);
    checksums = new Checksums(store);
  });

  afterAll(() => rm(folder, { recursive: true }));

  const archive = (of = entries): ZipArchive => new ZipArchive(of, DATE, { store, checksums });
  const list = async (path: string): Promise<unknown> =>
    JSON.parse((await promisify(execFile)(PYTHON, ['-c', LIST, path])).stdout);

  it('is a ZIP file that another reader reads, checksums included, of the length it announced', async () => {
    const sut = archive();
    const bytes = await buffer(sut.read(undefined, signal));
    expect(bytes).toHaveLength(sut.bytes);
    const path = join(folder, 'whole.zip');
    await writeFile(path, bytes);
    expect(await list(path)).toEqual(
      entries.map(({ name }) => [name, BYTES, [2026, 11, 23, 12, 0, 0], expect.any(Number), BYTES]),
    );
    for (const value of [1, 2, 3]) expect(bytes.includes(Buffer.alloc(BYTES, value))).toBe(true);
  });

  it('reads each object once', async () => {
    await buffer(archive().read(undefined, signal));
    expect(store.given).toBe(3 * BYTES);
  });

  it('has equal bytes and an equal digest for equal objects, and another digest for others', async () => {
    const [one, other] = [archive(), archive()];
    const read = (zip: ZipArchive): Promise<Buffer> => buffer(zip.read(undefined, signal));
    expect((await read(one)).equals(await read(other))).toBe(true);
    expect(one.digest).toBe(other.digest);
    const [first, ...rest] = entries;
    const changed = [
      rest,
      [...rest, ...entries.slice(0, 1)],
      ...['name', 'etag'].map((field) => [{ ...first, [field]: 'other' } as ZipEntry, ...rest]),
    ];
    expect(new Set([one, ...changed.map(archive)].map(({ digest }) => digest)).size).toBe(changed.length + 1);
  });

  it('gives any range, also to a process that has not read the objects yet', async () => {
    const whole = await buffer(archive().read(undefined, signal));
    const borders = [1, 29, 60, BYTES, BYTES + 65, 2 * BYTES + 99, whole.length - 150, whole.length - 22];
    for (const border of borders) {
      const [head, tail] = await Promise.all(
        [
          { start: 0, end: border - 1 },
          { start: border, end: whole.length - 1 },
        ].map((range) =>
          buffer(new ZipArchive(entries, DATE, { store, checksums: new Checksums(store) }).read(range, signal)),
        ),
      );
      expect([border, Buffer.concat([head ?? whole, tail ?? whole]).equals(whole)]).toEqual([border, true]);
    }
  });

  it('reads no skipped object again to continue', async () => {
    await buffer(archive().read(undefined, signal));
    store.given = 0;
    const sut = archive();
    const start = sut.bytes - BYTES;
    await buffer(sut.read({ start, end: sut.bytes - 1 }, signal));
    expect(store.given).toBeLessThan(BYTES);
  });

  it('closes its open object when the reader leaves', async () => {
    const gone = new AbortController();
    const out = new PassThrough();
    const failed = expect(pipeline(archive().read(undefined, gone.signal), out)).rejects.toThrow();
    out.once('data', () => {
      gone.abort(new Error('client gone'));
    });
    await failed;
    await waitUntil('the object to be closed', () => store.open.size === 0);
    expect(out.destroyed).toBe(true);
  });

  it.each([
    ['breaks off', (sut: WatchedStore) => (sut.breaksAfter = 100_000), 'store is away', BYTES],
    ['is shorter than announced', () => undefined, 'has 600000 bytes, not 600001', BYTES + 1],
    ['is longer than announced', () => undefined, 'has 600000 bytes, not 599999', BYTES - 1],
  ] as const)('breaks off, without an end, when an object %s', async (_, arrange, reason, bytes) => {
    arrange(store);
    const read = buffer(archive([{ key: 'stems/drums', bytes, name: 'a', etag: 'a' }]).read(undefined, signal));
    await expect(read).rejects.toThrow(reason);
  });

  it('can be larger than 4 GiB, with entries that are', async () => {
    const large = { key: 'stems/large', bytes: 4 * GIB + 5, name: 'large.wav', etag: 'large' };
    const small = entries.slice(0, 1);
    await mkdir(dirname(join(folder, large.key)), { recursive: true });
    await writeFile(join(folder, large.key), '');
    // a hole: it takes no space
    await truncate(join(folder, large.key), large.bytes);
    checksums.remember(large, 0);
    const sut = archive([...entries.slice(1, 2), large, ...small]);
    // everything except the hole
    const path = join(folder, 'large.zip');
    const file = await open(path, 'w');
    const edge = BYTES + 1000;
    for (const [start, end] of [
      [0, edge],
      [sut.bytes - edge, sut.bytes - 1],
    ] as const) {
      const part = await buffer(sut.read({ start, end }, signal));
      await file.write(part, 0, part.length, start);
    }
    await file.close();
    const time = [2026, 11, 23, 12, 0, 0];
    expect(await list(path)).toEqual([
      [entries[1]?.name, BYTES, time, 0, BYTES],
      ['large.wav', large.bytes, time, expect.any(Number), '00000000'],
      [entries[0]?.name, BYTES, time, expect.any(Number), BYTES],
    ]);
  });
});
