import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { InvalidKeyError, InvalidRangeError, ObjectNotFoundError } from '../errors.js';
import { MIB, collect, digest, randomPieces, read } from './bytes.js';
import type { Given } from './given.js';

/** What a store keeps: every byte under its key, and nothing outside. */
export function holdsObjects(given: Given): void {
  it('gives back what was put, with its size and time', async () => {
    const bytes = randomBytes(100_000);
    const before = Date.now() - 5000;
    const put = await given.sut.put(
      `${given.folder}song.mp3`,
      Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
    );
    expect(put).toMatchObject({ key: `${given.folder}song.mp3`, bytes: 100_000 });
    expect(await read(given.sut, `${given.folder}song.mp3`)).toEqual(bytes);
    const head = await given.sut.head(`${given.folder}song.mp3`);
    expect(head).toMatchObject({ key: `${given.folder}song.mp3`, bytes: 100_000 });
    expect(head?.modifiedAt.getTime()).toBeGreaterThan(before);
  });

  it('keeps an empty object', async () => {
    await given.sut.put(`${given.folder}empty`, Readable.from([]));
    expect(await given.sut.head(`${given.folder}empty`)).toMatchObject({ bytes: 0 });
    expect(await read(given.sut, `${given.folder}empty`)).toHaveLength(0);
  });

  it.each([
    ['20 MiB and a bit, in odd pieces', 20 * MIB + 13, 65_521],
    ['exactly two parts', 16 * MIB, MIB],
    ['exactly one part', 8 * MIB, 3 * MIB],
  ])('keeps every byte of %s', async (_what, bytes, piece) => {
    const hash = createHash('sha256');
    await given.sut.put(`${given.folder}big`, Readable.from(randomPieces(bytes, piece, hash)));
    expect(await digest(await given.sut.get(`${given.folder}big`))).toBe(hash.digest('hex'));
    expect(await given.unfinished()).toBe(0);
  });

  it('keeps a file that was put, which stays where it is and may go', async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'scratch-'));
    try {
      const [path, bytes] = [join(scratch, 'bass.flac'), randomBytes(9 * MIB)];
      await writeFile(path, bytes);
      await given.sut.putText(`${given.folder}bass.flac`, 'is replaced');
      await given.sut.putFile(`${given.folder}bass.flac`, path);
      const put = await given.sut.putFile(`${given.folder}bass.flac`, path);
      expect(put).toMatchObject({ key: `${given.folder}bass.flac`, bytes: 9 * MIB });
      expect((await readFile(path)).equals(bytes)).toBe(true);
      await rm(path);
      expect((await read(given.sut, `${given.folder}bass.flac`)).equals(bytes)).toBe(true);
      await expect(given.sut.putFile(`${given.folder}drums.flac`, path)).rejects.toThrow();
      expect(await given.keysBelow(given.folder)).toEqual([`${given.folder}bass.flac`]);
      expect(await given.unfinished()).toBe(0);
    } finally {
      await rm(scratch, { recursive: true });
    }
  });

  it('reads ranges, both ends included', async () => {
    await given.sut.putText(`${given.folder}text`, '0123456789');
    const range = async (start: number, end: number): Promise<string> =>
      (await read(given.sut, `${given.folder}text`, { start, end })).toString();
    expect(await range(0, 0)).toBe('0');
    expect(await range(2, 5)).toBe('2345');
    expect(await range(7, 1000)).toBe('789');
    await expect(range(10, 12)).rejects.toThrow(InvalidRangeError);
    await expect(range(5, 4)).rejects.toThrow(InvalidRangeError);
  });

  it('keeps small documents in any script, and the last one wins', async () => {
    await given.sut.putText(`${given.folder}request.json`, 'old');
    await given.sut.putText(`${given.folder}request.json`, '{"fileName":"Пісня 🎵"}');
    expect(await given.sut.getText(`${given.folder}request.json`)).toBe('{"fileName":"Пісня 🎵"}');
    expect(await given.sut.getText(`${given.folder}other.json`)).toBeUndefined();
  });

  it('does not take a song for a small document', async () => {
    await given.sut.put(`${given.folder}song`, Readable.from([Buffer.alloc(MIB + 1)]));
    await expect(given.sut.getText(`${given.folder}song`)).rejects.toThrow(RangeError);
  });

  it('says what is missing, also where there is a folder of that name', async () => {
    await given.sut.putText(`${given.folder}stems/bass.flac`, 'x');
    for (const key of [`${given.folder}none`, `${given.folder}stems`, `${given.folder}none/of/it`]) {
      expect(await given.sut.head(key)).toBeUndefined();
      await expect(given.sut.get(key)).rejects.toThrow(new ObjectNotFoundError(key));
      await expect(given.sut.copy(key, `${given.folder}copy`)).rejects.toThrow(new ObjectNotFoundError(key));
    }
    expect(await given.keysBelow(given.folder)).toEqual([`${given.folder}stems/bass.flac`]);
  });

  it('lists what is below a prefix in key order, and nothing of a neighbour with a longer name', async () => {
    const names = ['stems/vocals.flac', 'manifest.json', 'input.mp3', 'stems/bass.flac', 'stems/vocals.mp3'];
    for (const name of names) await given.sut.putText(`${given.folder}${name}`, name);
    await given.sut.putText(`${given.folder.slice(0, -1)}0/manifest.json`, 'neighbour');
    const found = await collect(given.sut.list(given.folder));
    expect(found.map(({ key }) => key)).toEqual([...names].sort().map((name) => `${given.folder}${name}`));
    expect(found.map(({ bytes }) => bytes)).toEqual([...names].sort().map((name) => name.length));
    expect(await given.keysBelow(`${given.folder}stems/`)).toHaveLength(3);
    expect(await given.keysBelow(`${given.folder}none/`)).toEqual([]);
  });

  it('lists the folders directly below a prefix', async () => {
    for (const name of ['b/1', 'a/1', 'a/deep/2', 'c/deep/3', 'file'])
      await given.sut.putText(`${given.folder}${name}`, name);
    expect(await collect(given.sut.listFolders(given.folder))).toEqual(['a', 'b', 'c']);
    expect(await collect(given.sut.listFolders(`${given.folder}a/`))).toEqual(['deep']);
    expect(await collect(given.sut.listFolders(`${given.folder}none/`))).toEqual([]);
    expect(await collect(given.sut.listFolders(''))).toContain('separations');
  });

  it('copies onto another key, and the copy outlives its source', async () => {
    const bytes = randomBytes(9 * MIB);
    await given.sut.put(`${given.folder}from`, Readable.from([bytes]));
    await given.sut.putText(`${given.folder}to`, 'is replaced');
    await given.sut.copy(`${given.folder}from`, `${given.folder}to`);
    await given.sut.remove(`${given.folder}from`);
    expect((await read(given.sut, `${given.folder}to`)).equals(bytes)).toBe(true);
    expect(await given.sut.head(`${given.folder}from`)).toBeUndefined();
  });

  it('removes one, all below a prefix, and what is not there', async () => {
    for (const name of ['a', 'stems/b', 'stems/c']) await given.sut.putText(`${given.folder}${name}`, name);
    await given.sut.putText(`${given.folder.slice(0, -1)}0/kept`, 'neighbour');
    await given.sut.remove(`${given.folder}a`);
    await given.sut.remove(`${given.folder}a`);
    expect(await given.keysBelow(given.folder)).toEqual([`${given.folder}stems/b`, `${given.folder}stems/c`]);
    await given.sut.removeAll(given.folder);
    await given.sut.removeAll(given.folder);
    expect(await given.keysBelow(given.folder)).toEqual([]);
    expect(await given.sut.getText(`${given.folder.slice(0, -1)}0/kept`)).toBe('neighbour');
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
    await expect(given.sut.put(key, source)).rejects.toThrow(InvalidKeyError);
    expect(source.destroyed).toBe(true);
    await expect(given.sut.putText(key, 'x')).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.putFile(key, '/dev/null')).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.get(key)).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.getText(key)).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.head(key)).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.remove(key)).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.copy(key, 'a')).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.copy('a', key)).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.removeAll(`${key}/`)).rejects.toThrow(InvalidKeyError);
    await expect(collect(given.sut.list(`${key}/`))).rejects.toThrow(InvalidKeyError);
    await expect(collect(given.sut.listFolders(`${key}/`))).rejects.toThrow(InvalidKeyError);
  });

  it('removes neither everything nor half a name', async () => {
    await expect(given.sut.removeAll('')).rejects.toThrow(InvalidKeyError);
    await expect(given.sut.removeAll('separations/1')).rejects.toThrow(InvalidKeyError);
  });

  it('answers a ping and leaves no trace of it', async () => {
    const before = await given.keysBelow('');
    await given.sut.ping();
    expect(await given.keysBelow('')).toEqual(before);
    expect(await given.unfinished()).toBe(0);
  });
}
