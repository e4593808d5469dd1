import { mkdir, mkdtemp, readdir, readlink, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StorageUnavailableError, UnreadableObjectError } from '../storage.errors.js';
import { collect } from '../contract/bytes.js';
import { describeObjectStore } from '../contract/object-store.contract.js';
import { FolderObjectStore } from './folder-object-store.js';
import { ifPresent } from './files.js';

const unfinishedIn = async (root: string): Promise<string[]> =>
  (await ifPresent(readdir(join(root, '.unfinished')))) ?? [];

describeObjectStore('a folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'objects-'));
  return {
    store: new FolderObjectStore(join(root, 'not-there-yet')),
    unfinished: async () => (await unfinishedIn(join(root, 'not-there-yet'))).length,
    openResources: async () => (await openFiles()).filter((path) => path.startsWith(root)).length,
    close: () => rm(root, { recursive: true }),
  };
});

describe(FolderObjectStore.name, () => {
  let root: string;
  let sut: FolderObjectStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'objects-'));
    sut = new FolderObjectStore(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  it('links a file, or copies it from another file system', async () => {
    const far = await mkdtemp('/dev/shm/scratch-');
    try {
      const paths = [join(root, 'near.flac'), join(far, 'far.flac')];
      for (const path of paths) {
        await writeFile(path, 'sound');
        await sut.putFile(`stems/${basename(path)}`, path);
      }
      const stored = await Promise.all(paths.map((path) => stat(join(root, 'stems', basename(path)))));
      expect(stored.map(({ nlink, size }) => [nlink, size])).toEqual([
        [2, 5],
        [1, 5],
      ]);
    } finally {
      await rm(far, { recursive: true });
    }
  });

  it('tells a document that cannot be read from a disk that does not work', async () => {
    await sut.putText('documents/good', 'good');
    // Linux answers EIO to whoever reads it
    await symlink('/proc/self/mem', join(root, 'documents', 'bad'));
    await expect(sut.getText('documents/bad')).rejects.toThrow(UnreadableObjectError);
    expect(await sut.getText('documents/good')).toBe('good');
    await rename(join(root, '.store'), join(root, '.away'));
    const refused = sut.getText('documents/bad');
    await expect(refused).rejects.toThrow(StorageUnavailableError);
    await expect(refused).rejects.not.toThrow(UnreadableObjectError);
  });

  it('sweeps only temporary files and half-removed folders after a crash', async () => {
    const left = join(root, '.unfinished');
    await mkdir(join(left, 'half-removed', 'stems'), { recursive: true });
    await writeFile(join(left, 'half-written'), 'x');
    await writeFile(join(left, 'under-way'), 'x');
    const hoursAgo = new Date(Date.now() - 7_200_000);
    await utimes(join(left, 'half-removed'), hoursAgo, hoursAgo);
    await utimes(join(left, 'half-written'), hoursAgo, hoursAgo);
    expect(await sut.sweepUnfinished(3_600_000)).toBe(2);
    expect(await unfinishedIn(root)).toEqual(['under-way']);
  });

  it('lists no folder that is empty after a removal or a crash', async () => {
    await mkdir(join(root, 'separations', 'empty', 'stems'), { recursive: true });
    for (const name of ['full', 'emptied', 'removed']) await sut.putText(`separations/${name}/stems/bass.flac`, name);
    await sut.remove('separations/emptied/stems/bass.flac');
    await sut.removeAll('separations/removed/');
    expect(await collect(sut.listFolders('separations/'))).toEqual(['full']);
    expect(await readdir(join(root, 'separations'))).toEqual(['empty', 'full']);
  });

  it("sorts a folder by its keys' place among its neighbors", async () => {
    const keys = ['a-b/1', 'a.txt', 'a/1', 'a0'];
    for (const key of keys) await sut.putText(key, key);
    expect((await collect(sut.list(''))).map(({ key }) => key)).toEqual([...keys].sort());
  });

  it('puts into a folder while other calls empty it', async () => {
    const chains = Array.from({ length: 8 }, async (_, chain) => {
      for (let round = 0; round < 60; round += 1) {
        await sut.putText(`songs/deep/${chain}`, 'x');
        await sut.remove(`songs/deep/${chain}`);
      }
    });
    await Promise.all(chains);
    expect(await readdir(root)).toEqual(['.store', '.unfinished']);
  });

  it('is unavailable while its disk is away, and neither stores nor denies anything', async () => {
    await sut.putText('songs/a', 'x');
    const disk = `${root}-away`;
    await rename(root, disk);
    for (const isMountPoint of [false, true]) {
      if (isMountPoint) await mkdir(root);
      const calls = [
        sut.putText('songs/b', 'x'),
        sut.put('songs/b', Readable.from(['x'])),
        sut.getText('songs/a'),
        sut.get('songs/a'),
        sut.head('songs/a'),
        sut.copy('songs/a', 'songs/b'),
        sut.remove('songs/a'),
        sut.removeAll('songs/'),
        collect(sut.list('')),
        collect(sut.listFolders('')),
        sut.sweepUnfinished(0),
        sut.ping(),
      ];
      for (const call of calls) await expect(call).rejects.toThrow(StorageUnavailableError);
      if (isMountPoint) expect(await readdir(root)).toEqual([]);
    }
    await rm(root, { recursive: true });
    await rename(disk, root);
    expect(await sut.getText('songs/a')).toBe('x');
    await sut.putText('songs/b', 'x');
  });

  it('is unavailable with the disk of another store', async () => {
    await sut.putText('a', 'x');
    await rm(root, { recursive: true });
    await new FolderObjectStore(root).putText('a', 'y');
    await expect(sut.head('b')).rejects.toThrow(StorageUnavailableError);
  });

  it('takes over a folder of an earlier version, also in many processes at once', async () => {
    await mkdir(join(root, 'songs'));
    await writeFile(join(root, 'songs', 'a'), 'x');
    const stores = Array.from({ length: 8 }, () => new FolderObjectStore(root));
    await Promise.all(stores.map((store) => store.ping()));
    expect(await Promise.all(stores.map((store) => store.getText('songs/a')))).toEqual(Array(8).fill('x'));
    await Promise.all(stores.map((store) => store.head('songs/b')));
    expect((await readdir(root)).sort()).toEqual(['.store', '.unfinished', 'songs']);
  });

  it('is unavailable with a marker that is not whole, and with it once it is', async () => {
    await writeFile(join(root, '.store'), '');
    await expect(sut.ping()).rejects.toThrow('its marker .store is damaged: remove it');
    const late = new FolderObjectStore(root).ping();
    await writeFile(join(root, '.store'), crypto.randomUUID());
    await late;
    await sut.ping();
  });

  it('is unavailable if the folder cannot be created or written', async () => {
    await writeFile(join(root, 'file'), 'x');
    const away = new FolderObjectStore(join(root, 'file', 'objects'));
    await expect(away.ping()).rejects.toThrow(StorageUnavailableError);
    await expect(away.putText('a', 'x')).rejects.toThrow(StorageUnavailableError);
  });
});

async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(descriptors.map((fd) => ifPresent(readlink(join('/proc/self/fd', fd)))));
  return paths.filter((path) => path !== undefined);
}
