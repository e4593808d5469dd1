import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../../test/support/wait-until.js';
import { InvalidKeyError, InvalidRangeError, ObjectNotFoundError } from './errors.js';
import type { ObjectStore } from './object-store.js';

const MIB = 1024 * 1024;

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** uploads and temporary files that are not finished */
  unfinished(): Promise<number>;
  /** connections or files that are open for the store */
  openResources(): Promise<number>;
  close(): Promise<void>;
}

/** What every driver must hold; each spec file of a driver calls it with a store on the real thing. */
export function describeObjectStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`ObjectStore of ${name}`, () => {
    let subject: StoreUnderTest;
    let sut: ObjectStore;
    let folder: string;

    beforeAll(async () => {
      subject = await create();
      sut = subject.store;
    }, 60_000);
    beforeEach(() => {
      folder = `separations/${randomUUID()}/`;
    });
    afterAll(() => subject.close());

    const keysBelow = async (prefix: string): Promise<string[]> =>
      (await collect(sut.list(prefix))).map(({ key }) => key);

    it('gives back what was put, with its size and time', async () => {
      const bytes = randomBytes(100_000);
      const before = Date.now() - 5000;
      const put = await sut.put(`${folder}song.mp3`, Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]));
      expect(put).toMatchObject({ key: `${folder}song.mp3`, bytes: 100_000 });
      expect(await read(sut, `${folder}song.mp3`)).toEqual(bytes);
      const head = await sut.head(`${folder}song.mp3`);
      expect(head).toMatchObject({ key: `${folder}song.mp3`, bytes: 100_000 });
      expect(head?.modifiedAt.getTime()).toBeGreaterThan(before);
    });

    it('keeps an empty object', async () => {
      await sut.put(`${folder}empty`, Readable.from([]));
      expect(await sut.head(`${folder}empty`)).toMatchObject({ bytes: 0 });
      expect(await read(sut, `${folder}empty`)).toHaveLength(0);
    });

    it.each([
      ['20 MiB and a bit, in odd pieces', 20 * MIB + 13, 65_521],
      ['exactly two parts', 16 * MIB, MIB],
      ['exactly one part', 8 * MIB, 3 * MIB],
    ])('keeps every byte of %s', async (_what, bytes, piece) => {
      const hash = createHash('sha256');
      await sut.put(`${folder}big`, Readable.from(randomPieces(bytes, piece, hash)));
      expect(await digest(await sut.get(`${folder}big`))).toBe(hash.digest('hex'));
      expect(await subject.unfinished()).toBe(0);
    });

    it('reads ranges, both ends included', async () => {
      await sut.putText(`${folder}text`, '0123456789');
      const range = async (start: number, end: number): Promise<string> =>
        (await read(sut, `${folder}text`, { start, end })).toString();
      expect(await range(0, 0)).toBe('0');
      expect(await range(2, 5)).toBe('2345');
      expect(await range(7, 1000)).toBe('789');
      await expect(range(10, 12)).rejects.toThrow(InvalidRangeError);
      await expect(range(5, 4)).rejects.toThrow(InvalidRangeError);
    });

    it('keeps small documents in any script, and the last one wins', async () => {
      await sut.putText(`${folder}request.json`, 'old');
      await sut.putText(`${folder}request.json`, '{"fileName":"Пісня 🎵"}');
      expect(await sut.getText(`${folder}request.json`)).toBe('{"fileName":"Пісня 🎵"}');
      expect(await sut.getText(`${folder}other.json`)).toBeUndefined();
    });

    it('does not take a song for a small document', async () => {
      await sut.put(`${folder}song`, Readable.from([Buffer.alloc(MIB + 1)]));
      await expect(sut.getText(`${folder}song`)).rejects.toThrow(RangeError);
    });

    it('says what is missing, also where there is a folder of that name', async () => {
      await sut.putText(`${folder}stems/bass.flac`, 'x');
      for (const key of [`${folder}none`, `${folder}stems`, `${folder}none/of/it`]) {
        expect(await sut.head(key)).toBeUndefined();
        await expect(sut.get(key)).rejects.toThrow(new ObjectNotFoundError(key));
        await expect(sut.copy(key, `${folder}copy`)).rejects.toThrow(new ObjectNotFoundError(key));
      }
      expect(await keysBelow(folder)).toEqual([`${folder}stems/bass.flac`]);
    });

    it('lists what is below a prefix in key order, and nothing of a neighbour with a longer name', async () => {
      const names = ['stems/vocals.flac', 'manifest.json', 'input.mp3', 'stems/bass.flac', 'stems/vocals.mp3'];
      for (const name of names) await sut.putText(`${folder}${name}`, name);
      await sut.putText(`${folder.slice(0, -1)}0/manifest.json`, 'neighbour');
      const found = await collect(sut.list(folder));
      expect(found.map(({ key }) => key)).toEqual([...names].sort().map((name) => `${folder}${name}`));
      expect(found.map(({ bytes }) => bytes)).toEqual([...names].sort().map((name) => name.length));
      expect(await keysBelow(`${folder}stems/`)).toHaveLength(3);
      expect(await keysBelow(`${folder}none/`)).toEqual([]);
    });

    it('lists the folders directly below a prefix', async () => {
      for (const name of ['b/1', 'a/1', 'a/deep/2', 'c/deep/3', 'file']) await sut.putText(`${folder}${name}`, name);
      expect(await collect(sut.listFolders(folder))).toEqual(['a', 'b', 'c']);
      expect(await collect(sut.listFolders(`${folder}a/`))).toEqual(['deep']);
      expect(await collect(sut.listFolders(`${folder}none/`))).toEqual([]);
      expect(await collect(sut.listFolders(''))).toContain('separations');
    });

    it('copies onto another key, and the copy outlives its source', async () => {
      const bytes = randomBytes(9 * MIB);
      await sut.put(`${folder}from`, Readable.from([bytes]));
      await sut.putText(`${folder}to`, 'is replaced');
      await sut.copy(`${folder}from`, `${folder}to`);
      await sut.remove(`${folder}from`);
      expect((await read(sut, `${folder}to`)).equals(bytes)).toBe(true);
      expect(await sut.head(`${folder}from`)).toBeUndefined();
    });

    it('removes one, all below a prefix, and what is not there', async () => {
      for (const name of ['a', 'stems/b', 'stems/c']) await sut.putText(`${folder}${name}`, name);
      await sut.putText(`${folder.slice(0, -1)}0/kept`, 'neighbour');
      await sut.remove(`${folder}a`);
      await sut.remove(`${folder}a`);
      expect(await keysBelow(folder)).toEqual([`${folder}stems/b`, `${folder}stems/c`]);
      await sut.removeAll(folder);
      await sut.removeAll(folder);
      expect(await keysBelow(folder)).toEqual([]);
      expect(await sut.getText(`${folder.slice(0, -1)}0/kept`)).toBe('neighbour');
    });

    it('shows the old object until the last byte of the new one has arrived', async () => {
      await sut.putText(`${folder}replaced`, 'old');
      const keys = [`${folder}new`, `${folder}replaced`];
      const sources = keys.map(() => new PassThrough());
      const puts = keys.map((key, index) => sut.put(key, sources[index] ?? Readable.from([])));
      for (const source of sources) await write(source, 10 * MIB);
      expect(await sut.getText(`${folder}replaced`)).toBe('old');
      expect(await keysBelow(folder)).toEqual([`${folder}replaced`]);
      for (const source of sources) source.end();
      await Promise.all(puts);
      for (const key of keys) expect(await sut.head(key)).toMatchObject({ bytes: 10 * MIB });
    });

    it.each([
      ['at once', 0],
      ['in the middle', 18 * MIB],
    ])('leaves nothing when the source fails %s', async (_when, bytes) => {
      const failure = new Error('client gone');
      const source = Readable.from(failing(bytes, failure));
      await expect(sut.put(`${folder}song`, source)).rejects.toBe(failure);
      expect(await keysBelow(folder)).toEqual([]);
      expect(await subject.unfinished()).toBe(0);
    });

    it('leaves nothing when the source is destroyed without an error', async () => {
      const source = new PassThrough();
      source.write(Buffer.alloc(1000));
      const put = sut.put(`${folder}song`, source);
      source.destroy();
      await expect(put).rejects.toThrow(/premature/i);
      expect(await keysBelow(folder)).toEqual([]);
      expect(await subject.unfinished()).toBe(0);
    });

    it('leaves nothing within 5 s when it is aborted in the middle, and ends the source', async () => {
      const abort = new AbortController();
      const source = new PassThrough();
      const put = sut.put(`${folder}song`, source, { signal: abort.signal });
      await write(source, 18 * MIB);
      await waitUntil('the upload is under way', async () => (await subject.unfinished()) > 0);
      const reason = new Error('cancelled');
      const aborted = Date.now();
      abort.abort(reason);
      await expect(put).rejects.toBe(reason);
      expect(source.destroyed).toBe(true);
      expect(await subject.unfinished()).toBe(0);
      expect(Date.now() - aborted).toBeLessThan(5000);
      expect(await keysBelow(folder)).toEqual([]);
    });

    it('begins nothing when it is aborted already', async () => {
      const signal = AbortSignal.abort(new Error('too late'));
      const source = Readable.from([Buffer.alloc(10)]);
      await expect(sut.put(`${folder}a`, source, { signal })).rejects.toThrow('too late');
      await expect(sut.putText(`${folder}a`, 'a', { signal })).rejects.toThrow('too late');
      await expect(sut.head(`${folder}a`, { signal })).rejects.toThrow('too late');
      await expect(collect(sut.list(folder, { signal }))).rejects.toThrow('too late');
      expect(await keysBelow(folder)).toEqual([]);
    });

    it('ends a read when it is aborted', async () => {
      await sut.put(`${folder}song`, Readable.from([Buffer.alloc(8 * MIB)]));
      const abort = new AbortController();
      const stream = await sut.get(`${folder}song`, { signal: abort.signal });
      const reading = digest(stream);
      abort.abort();
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('lets one of many concurrent puts on one key win, whole', async () => {
      const bodies = Array.from({ length: 6 }, (_, index) => Buffer.alloc(index % 2 === 0 ? 1000 : 9 * MIB, index));
      await Promise.all(bodies.map((body) => sut.put(`${folder}song`, Readable.from([body]))));
      const stored = await read(sut, `${folder}song`);
      expect(bodies.some((body) => body.equals(stored))).toBe(true);
      expect(await subject.unfinished()).toBe(0);
    });

    it.each([
      '../outside',
      'a/../../outside',
      '/etc/passwd',
      'a//b',
      'a/',
      '',
      '.',
      '.unfinished/x',
      'a/./b',
      'a\0b',
      'a\\..\\b',
      'a b',
      'a\r\nb',
      'ä',
      '%2e%2e/a',
      'x'.repeat(1000),
    ])('refuses the key %j in every call', async (key) => {
      const source = Readable.from(['x']);
      await expect(sut.put(key, source)).rejects.toThrow(InvalidKeyError);
      expect(source.destroyed).toBe(true);
      await expect(sut.putText(key, 'x')).rejects.toThrow(InvalidKeyError);
      await expect(sut.get(key)).rejects.toThrow(InvalidKeyError);
      await expect(sut.getText(key)).rejects.toThrow(InvalidKeyError);
      await expect(sut.head(key)).rejects.toThrow(InvalidKeyError);
      await expect(sut.remove(key)).rejects.toThrow(InvalidKeyError);
      await expect(sut.copy(key, 'a')).rejects.toThrow(InvalidKeyError);
      await expect(sut.copy('a', key)).rejects.toThrow(InvalidKeyError);
      await expect(sut.removeAll(`${key}/`)).rejects.toThrow(InvalidKeyError);
      await expect(collect(sut.list(`${key}/`))).rejects.toThrow(InvalidKeyError);
      await expect(collect(sut.listFolders(`${key}/`))).rejects.toThrow(InvalidKeyError);
    });

    it('removes neither everything nor half a name', async () => {
      await expect(sut.removeAll('')).rejects.toThrow(InvalidKeyError);
      await expect(sut.removeAll('separations/1')).rejects.toThrow(InvalidKeyError);
    });

    it('leaves no socket or file open after 50 parallel reads, half of them not read to their end', async () => {
      await sut.put(`${folder}song`, Readable.from([Buffer.alloc(2 * MIB)]));
      const streams = await Promise.all(Array.from({ length: 50 }, () => sut.get(`${folder}song`)));
      await Promise.all(
        streams.map(async (stream, index) => {
          if (index % 2 === 0) return digest(stream);
          stream.destroy();
          return once(stream, 'close');
        }),
      );
      await waitUntil('all are closed', async () => (await subject.openResources()) === 0);
    });

    it('puts 200 MB within bounded memory', async () => {
      const piece = Buffer.alloc(64 * 1024, 7);
      await sut.put(`${folder}warm`, Readable.from(repeated(piece, 20 * MIB)));
      const before = process.memoryUsage().rss;
      let peak = before;
      const watched = repeated(piece, 200_000_000, () => (peak = Math.max(peak, process.memoryUsage().rss)));
      await sut.put(`${folder}huge`, Readable.from(watched));
      expect(peak - before).toBeLessThan(80_000_000);
      await sut.removeAll(folder);
    });

    it('sweeps nothing that is still young', async () => {
      const source = new PassThrough();
      const put = sut.put(`${folder}song`, source);
      await write(source, 10 * MIB);
      await waitUntil('the upload is under way', async () => (await subject.unfinished()) > 0);
      expect(await sut.sweepUnfinished(3_600_000)).toBe(0);
      source.end();
      await put;
      expect(await sut.head(`${folder}song`)).toMatchObject({ bytes: 10 * MIB });
    });

    it('answers a ping and leaves no trace of it', async () => {
      const before = await keysBelow('');
      await sut.ping();
      expect(await keysBelow('')).toEqual(before);
      expect(await subject.unfinished()).toBe(0);
    });
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Resolves when the store has taken all but what the stream buffers. */
export async function write(source: PassThrough, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += MIB) {
    if (!source.write(Buffer.alloc(MIB))) await once(source, 'drain');
  }
}

async function read(store: ObjectStore, key: string, range?: { start: number; end: number }): Promise<Buffer> {
  const stream = await store.get(key, range && { range });
  return Buffer.concat(await collect(stream as AsyncIterable<Buffer>));
}

async function digest(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

function* randomPieces(bytes: number, piece: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece) {
    const chunk = randomBytes(Math.min(piece, bytes - sent));
    hash.update(chunk);
    yield chunk;
  }
}

function* repeated(piece: Buffer, bytes: number, onPiece: () => void = () => undefined): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece.length) {
    onPiece();
    yield piece;
  }
}

function* failing(bytes: number, failure: Error): Generator<Buffer> {
  yield* repeated(Buffer.alloc(MIB), bytes);
  throw failure;
}
