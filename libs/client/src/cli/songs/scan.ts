import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { LIBRARY_FOLDER } from '../library-folder.js';
import { SONG_EXTENSIONS } from './song-extensions.js';

/** A song file. */
export interface SongPath {
  /** absolute */
  readonly path: string;
  /** what messages call it: relative to the named folder, after the folder's label */
  readonly name: string;
}

/** A folder of songs. */
export interface SongFolder {
  /** absolute, without links */
  readonly path: string;
  /** tells it from the other folders of a run; empty if it is the only one */
  readonly label: string;
}

/** Called for a folder or file that cannot be read. */
type OnUnreadable = (path: string, error: Error) => void;

/** Which links to files count as songs: others may write to a watched folder, and must not send any file of the user. */
type Links = 'anywhere' | 'inside';

/**
 * Finds the songs of a folder and of those below it, in the order of their names. Skips hidden files, links to folders, and
 * every folder that holds results of this program: they are never separated again, whatever path leads to them.
 */
export async function* scan(
  root: SongFolder,
  onUnreadable: OnUnreadable,
  links: Links = 'anywhere',
  below = '',
): AsyncGenerator<SongPath> {
  const folder = join(root.path, below);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    onUnreadable(folder, error as Error);
    return [];
  });
  if (entries.some(({ name }) => name === LIBRARY_FOLDER)) return;
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  for (const entry of visible.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = below === '' ? entry.name : `${below}/${entry.name}`;
    const path = join(root.path, inside);
    const name = root.label === '' ? inside : `${root.label}/${inside}`;
    if (entry.isDirectory()) yield* scan(root, onUnreadable, links, inside);
    else if (isSongName(name) && (entry.isFile() || (await isLinkToFile(path, links === 'inside' ? root.path : ''))))
      yield { path, name };
  }
}

function isSongName(name: string): boolean {
  return SONG_EXTENSIONS.includes(extname(name).slice(1).toLowerCase());
}

/** @param folder that it must not lead out of */
async function isLinkToFile(path: string, folder: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    return folder === '' || (await realpath(path)).startsWith((await realpath(folder)) + sep);
  } catch {
    return false;
  }
}
