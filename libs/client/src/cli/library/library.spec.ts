import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OutFolder } from '../out-folder.js';
import { scan } from '../songs/scan.js';
import type { Entry } from './entry.js';
import { Library } from './library.js';

const OPTIONS = { model: 'demo' };

describe(Library.name, () => {
  let root: string;
  let sut: Library;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'library-'));
    sut = await Library.open(root);
  });

  afterEach(() => rm(root, { recursive: true }));

  function entry(song: string, change: Partial<Entry> = {}): Entry {
    const written = { id: 'sep_0', model: 'demo', folder: song, files: [{ name: 'drums.flac', bytes: 4 }] };
    return {
      version: 1,
      song,
      source: `/songs/${song}`,
      sha256: song,
      options: OPTIONS,
      bytes: 1,
      modifiedMs: 2,
      written,
      ...change,
    };
  }

  it('knows after a restart what was written, by content and by file', async () => {
    await sut.record(entry('a'));
    sut = await Library.open(root);
    expect(sut.find('a', OPTIONS)).toEqual(entry('a'));
    expect(sut.find('a', { model: 'htdemucs' })).toBeUndefined();
    expect(sut.knows('/songs/a', { bytes: 1, modifiedMs: 2 }, OPTIONS)).toBe(true);
    expect(sut.knows('/songs/a', { bytes: 1, modifiedMs: 3 }, OPTIONS)).toBe(false);
    expect(sut.knows('/songs/a', { bytes: 1, modifiedMs: 2 }, {})).toBe(false);
  });

  it('takes a record that was cut off for none', async () => {
    await sut.record(entry('a'));
    const [file = ''] = await readdir(join(root, '.separations'));
    await writeFile(join(root, '.separations', file), '{"version":1,"song":');
    expect((await Library.open(root)).find('a', OPTIONS)).toBeUndefined();
  });

  function claim(name: string, given: { source?: string; sha256?: string; isFlat?: boolean } = {}): string {
    const { source = `/songs/${name}`, sha256 = source, isFlat = false } = given;
    return sut.claimFolder({ name, source, sha256 }, { isFlat });
  }

  it('gives every song a folder of its own, and the same one again', () => {
    expect(['x/a.mp3', 'x/a.flac', 'x/A.FLAC', 'y/a.mp3', 'x/a.mp3'].map((song) => claim(song))).toEqual([
      'x/a',
      'x/a.flac',
      'x/A.FLAC (2)',
      'y/a',
      'x/a',
    ]);
  });

  it('tells songs of one name apart by file and content, also after a restart', async () => {
    await sut.record(entry('a'));
    sut = await Library.open(root);
    expect(claim('a', { source: '/other/a' })).toBe('a (2)');
    expect(claim('a', { source: '/moved/a', sha256: 'a' })).toBe('a');
    expect(claim('a.mp3', { source: '/third/a' })).toBe('a.mp3');
  });

  it('lays a song flat as long as there is no other', async () => {
    expect(claim('a', { isFlat: true })).toBe('');
    const { written } = entry('a');
    if (written === undefined) throw new Error('not written');
    await sut.record(entry('a', { written: { ...written, folder: '' } }));
    sut = await Library.open(root);
    expect(claim('b', { isFlat: true })).toBe('b');
    expect(claim('a', { isFlat: true })).toBe('');
  });

  it('forgets what other stems took the place of', async () => {
    await sut.record(entry('a'));
    await sut.record(entry('a', { options: {} }));
    expect(sut.find('a', OPTIONS)).toBeUndefined();
    expect(await readdir(join(root, '.separations'))).toHaveLength(1);
  });

  it('misses a file that is gone or cut off', async () => {
    const { written } = entry('a');
    if (written === undefined) throw new Error('not written');
    expect(await sut.isWhole(written)).toBe(false);
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a', 'drums.flac'), 'abc');
    expect(await sut.isWhole(written)).toBe(false);
    await writeFile(join(root, 'a', 'drums.flac'), 'abcd');
    expect(await sut.isWhole(written)).toBe(true);
  });

  it('is never taken for songs, whatever path leads to it', async () => {
    const songs = join(root, 'songs');
    await mkdir(join(songs, 'album'), { recursive: true });
    for (const name of ['b.mp3', 'album/a.FLAC', '.hidden.mp3', 'cover.jpg', 'half.mp3.part']) {
      await writeFile(join(songs, name), 'x');
    }
    await symlink(join(songs, 'b.mp3'), join(songs, 'link.mp3'));
    await symlink(songs, join(songs, 'circle'));
    await symlink('nowhere', join(songs, 'gone.mp3'));
    await writeFile(join(root, 'private.mp3'), 'x');
    await symlink('../private.mp3', join(songs, 'out.mp3'));
    await (await OutFolder.make(join(songs, 'stems'))).mark();
    await writeFile(join(songs, 'stems', 'drums.flac'), 'x');
    const found: string[] = [];
    const unreadable: string[] = [];
    for await (const { name } of scan({ path: songs, label: '' }, (path) => unreadable.push(path))) found.push(name);
    expect(found).toEqual(['album/a.FLAC', 'b.mp3', 'link.mp3', 'out.mp3']);
    const inside: string[] = [];
    const watched = scan({ path: songs, label: '' }, (path) => unreadable.push(path), 'inside');
    for await (const { name } of watched) inside.push(name);
    expect(inside).toEqual(['album/a.FLAC', 'b.mp3', 'link.mp3']);
    for await (const { name } of scan({ path: join(root, 'no'), label: '' }, (path) => unreadable.push(path)))
      found.push(name);
    expect(unreadable).toEqual([join(root, 'no')]);
  });
});
