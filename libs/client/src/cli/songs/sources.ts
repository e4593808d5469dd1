import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { PlainError } from '../exit-codes.js';
import type { SongFolder, SongPath } from './scan.js';

/** What the command line names. */
export interface Sources {
  readonly songs: readonly SongPath[];
  readonly folders: readonly SongFolder[];
  /** one song and nothing else */
  readonly isSingle: boolean;
  /** folder for the stems, if nobody names one */
  readonly defaultOut: string;
}

/** Names each song so that those of several inputs stay apart. @throws PlainError for a path that leads nowhere */
export async function sourcesOf(paths: readonly string[]): Promise<Sources> {
  const songPaths: string[] = [];
  const folderPaths: string[] = [];
  for (const path of paths.map((one) => resolve(one))) {
    if (await isFolder(path)) folderPaths.push(await realpath(path));
    // the name of a link stays: it tells more than that of its file
    else songPaths.push(join(await realpath(dirname(path)), basename(path)));
  }
  const songs = namedSongs(songPaths);
  const [song] = songs;
  const [folder] = folderPaths;
  if (song !== undefined && paths.length === 1) {
    return { songs, folders: [], isSingle: true, defaultOut: stemsFolderOf(song.name) };
  }
  if (folder !== undefined && paths.length === 1) {
    const folders = [{ path: folder, label: '' }];
    return { songs, folders, isSingle: false, defaultOut: `${basename(folder)}-stems` };
  }
  return { songs, folders: labeledFolders(folderPaths), isSingle: false, defaultOut: 'stems' };
}

function namedSongs(paths: readonly string[]): SongPath[] {
  const names = paths.map((path) => basename(path));
  return paths.map((path, at) => {
    const name = names[at] ?? '';
    const isShared = names.some((other, otherAt) => otherAt !== at && isSameName(other, name));
    return { path, name: isShared ? join(basename(dirname(path)), name) : name };
  });
}

function labeledFolders(paths: readonly string[]): SongFolder[] {
  const labels: string[] = [];
  for (const path of new Set(paths)) {
    const plain = basename(path);
    let label = plain;
    for (let n = 2; labels.some((other) => isSameName(other, label)); n += 1) label = `${plain} (${n})`;
    labels.push(label);
  }
  return [...new Set(paths)].map((path, at) => ({ path, label: labels[at] ?? '' }));
}

/** some file systems do not tell upper case from lower */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A file without an extension has the name that its folder would have. */
function stemsFolderOf(song: string): string {
  const extension = extname(song);
  return extension === '' ? `${song}-stems` : basename(song, extension);
}

/** @throws PlainError if there is nothing */
async function isFolder(path: string): Promise<boolean> {
  const facts = await stat(path).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new PlainError(code === 'ENOENT' ? `There is no file ${path}.` : message);
  });
  return facts.isDirectory();
}
