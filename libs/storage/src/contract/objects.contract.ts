import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { DocumentTooLargeError, InvalidKeyError, InvalidRangeError, ObjectNotFoundError } from '../storage.errors.js';
import { MIB, collect, digest, randomPieces, read } from './bytes.js';
import type { ContractContext } from './contract-context.js';

/** A store keeps every byte under its key, and touches nothing else. */
export function holdsObjects(context: ContractContext): void {
  it('returns what was put, with size and time', async () => {
    const bytes = randomBytes(100_000);
    const before = Date.now() - 5000;
    const put = await context.sut.put(
      `${context.folder}song.mp3`,
      Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
    );
    expect(put).toMatchObject({ key: `${context.folder}song.mp3`, bytes: 100_000 });
    expect(await read(context.sut, `${context.folder}song.mp3`)).toEqual(bytes);
    const head = await context.sut.head(`${context.folder}song.mp3`);
    expect(head).toMatchObject({ key: `${context.folder}song.mp3`, bytes: 100_000 });
    expect(head?.modifiedAt.getTime()).toBeGreaterThan(before);
  });

  it('keeps an empty object', async () => {
    await context.sut.put(`${context.folder}empty`, Readable.from([]));
    expect(await context.sut.head(`${context.folder}empty`)).toMatchObject({ bytes: 0 });
    expect(await read(context.sut, `${context.folder}empty`)).toHaveLength(0);
  });

  it.each([
    ['20 MiB and a bit, in odd pieces', 20 * MIB + 13, 65_521],
    ['exactly two parts', 16 * MIB, MIB],
    ['exactly one part', 8 * MIB, 3 * MIB],
  ])('keeps every byte of %s', async (_what, bytes, piece) => {
    const hash = createHash('sha256');
    await context.sut.put(`${context.folder}big`, Readable.from(randomPieces(bytes, piece, hash)));
    expect(await digest(await context.sut.get(`${context.folder}big`))).toBe(hash.digest('hex'));
    expect(await context.unfinished()).toBe(0);
  });

  it('keeps a file that was put, even after the original is removed', async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'scratch-'));
    try {
      const [path, bytes] = [join(scratch, 'bass.flac'), randomBytes(9 * MIB)];
      await writeFile(path, bytes);
      await context.sut.putText(`${context.folder}bass.flac`, 'is replaced');
      await context.sut.putFile(`${context.folder}bass.flac`, path);
      const put = await context.sut.putFile(`${context.folder}bass.flac`, path);
      expect(put).toMatchObject({ key: `${context.folder}bass.flac`, bytes: 9 * MIB });
      expect((await readFile(path)).equals(bytes)).toBe(true);
      await rm(path);
      expect((await read(context.sut, `${context.folder}bass.flac`)).equals(bytes)).toBe(true);
      await expect(context.sut.putFile(`${context.folder}drums.flac`, path)).rejects.toThrow();
      expect(await context.keysBelow(context.folder)).toEqual([`${context.folder}bass.flac`]);
      expect(await context.unfinished()).toBe(0);
    } finally {
      await rm(scratch, { recursive: true });
    }
  });

  it('reads ranges, both ends included', async () => {
    await context.sut.putText(`${context.folder}text`, '0123456789');
    const range = async (start: number, end: number): Promise<string> =>
      (await read(context.sut, `${context.folder}text`, { start, end })).toString();
    expect(await range(0, 0)).toBe('0');
    expect(await range(2, 5)).toBe('2345');
    expect(await range(7, 1000)).toBe('789');
    await expect(range(10, 12)).rejects.toThrow(InvalidRangeError);
    await expect(range(5, 4)).rejects.toThrow(InvalidRangeError);
  });

  it('keeps small documents in any script; the last one wins', async () => {
    await context.sut.putText(`${context.folder}request.json`, 'old');
    await context.sut.putText(`${context.folder}request.json`, '{"fileName":"Пісня 🎵"}');
    expect(await context.sut.getText(`${context.folder}request.json`)).toBe('{"fileName":"Пісня 🎵"}');
    expect(await context.sut.getText(`${context.folder}other.json`)).toBeUndefined();
  });

  it('refuses to read a large object as a small document', async () => {
    await context.sut.put(`${context.folder}song`, Readable.from([Buffer.alloc(MIB + 1)]));
    await expect(context.sut.getText(`${context.folder}song`)).rejects.toThrow(DocumentTooLargeError);
  });

  it('reports a missing object, even if a folder has its name', async () => {
    await context.sut.putText(`${context.folder}stems/bass.flac`, 'x');
    for (const key of [`${context.folder}none`, `${context.folder}stems`, `${context.folder}none/of/it`]) {
      expect(await context.sut.head(key)).toBeUndefined();
      await expect(context.sut.get(key)).rejects.toThrow(new ObjectNotFoundError(key));
      await expect(context.sut.copy(key, `${context.folder}copy`)).rejects.toThrow(new ObjectNotFoundError(key));
    }
    expect(await context.keysBelow(context.folder)).toEqual([`${context.folder}stems/bass.flac`]);
  });

  it('lists keys below a prefix in order, without those of a neighbor with a longer name', async () => {
    const names = ['stems/vocals.flac', 'manifest.json', 'input.mp3', 'stems/bass.flac', 'stems/vocals.mp3'];
    for (const name of names) await context.sut.putText(`${context.folder}${name}`, name);
    await context.sut.putText(`${context.folder.slice(0, -1)}0/manifest.json`, 'neighbor');
    const found = await collect(context.sut.list(context.folder));
    expect(found.map(({ key }) => key)).toEqual([...names].sort().map((name) => `${context.folder}${name}`));
    expect(found.map(({ bytes }) => bytes)).toEqual([...names].sort().map((name) => name.length));
    expect(await context.keysBelow(`${context.folder}stems/`)).toHaveLength(3);
    expect(await context.keysBelow(`${context.folder}none/`)).toEqual([]);
  });

  it('lists the folders directly below a prefix', async () => {
    for (const name of ['b/1', 'a/1', 'a/deep/2', 'c/deep/3', 'file'])
      await context.sut.putText(`${context.folder}${name}`, name);
    expect(await collect(context.sut.listFolders(context.folder))).toEqual(['a', 'b', 'c']);
    expect(await collect(context.sut.listFolders(`${context.folder}a/`))).toEqual(['deep']);
    expect(await collect(context.sut.listFolders(`${context.folder}none/`))).toEqual([]);
    expect(await collect(context.sut.listFolders(''))).toContain('separations');
  });

  it('copies to another key, and the copy outlives its source', async () => {
    const bytes = randomBytes(9 * MIB);
    await context.sut.put(`${context.folder}from`, Readable.from([bytes]));
    await context.sut.putText(`${context.folder}to`, 'is replaced');
    await context.sut.copy(`${context.folder}from`, `${context.folder}to`);
    await context.sut.remove(`${context.folder}from`);
    expect((await read(context.sut, `${context.folder}to`)).equals(bytes)).toBe(true);
    expect(await context.sut.head(`${context.folder}from`)).toBeUndefined();
  });

  it('removes one object, all below a prefix, and missing ones', async () => {
    for (const name of ['a', 'stems/b', 'stems/c']) await context.sut.putText(`${context.folder}${name}`, name);
    await context.sut.putText(`${context.folder.slice(0, -1)}0/kept`, 'neighbor');
    await context.sut.remove(`${context.folder}a`);
    await context.sut.remove(`${context.folder}a`);
    expect(await context.keysBelow(context.folder)).toEqual([`${context.folder}stems/b`, `${context.folder}stems/c`]);
    await context.sut.removeAll(context.folder);
    await context.sut.removeAll(context.folder);
    expect(await context.keysBelow(context.folder)).toEqual([]);
    expect(await context.sut.getText(`${context.folder.slice(0, -1)}0/kept`)).toBe('neighbor');
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
    await expect(context.sut.put(key, source)).rejects.toThrow(InvalidKeyError);
    expect(source.destroyed).toBe(true);
    await expect(context.sut.putText(key, 'x')).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.putFile(key, '/dev/null')).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.get(key)).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.getText(key)).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.head(key)).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.remove(key)).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.copy(key, 'a')).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.copy('a', key)).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.removeAll(`${key}/`)).rejects.toThrow(InvalidKeyError);
    await expect(collect(context.sut.list(`${key}/`))).rejects.toThrow(InvalidKeyError);
    await expect(collect(context.sut.listFolders(`${key}/`))).rejects.toThrow(InvalidKeyError);
  });

  it('refuses to remove everything or half a name', async () => {
    await expect(context.sut.removeAll('')).rejects.toThrow(InvalidKeyError);
    await expect(context.sut.removeAll('separations/1')).rejects.toThrow(InvalidKeyError);
  });

  it('answers a ping and leaves no trace', async () => {
    const before = await context.keysBelow('');
    await context.sut.ping();
    expect(await context.keysBelow('')).toEqual(before);
    expect(await context.unfinished()).toBe(0);
  });
}
