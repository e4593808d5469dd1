import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { LIBRARY_FOLDER } from '../library-folder.js';
import { SONG_ENDINGS } from './song-endings.js';

/** A song file, and what it is called below the folder that was named. */
export interface SongPath {
  readonly path: string;
  readonly name: string;
}

/** Called for a folder or file that cannot be read. */
type OnUnreadable = (path: string, error: Error) => void;

/**
 * Finds the songs of a folder and of those below it, in the order of their names. Skips hidden files, links to folders, and
 * every folder that holds results of this program: they are never separated again, whatever path leads to them.
 */
export async function* scan(root: string, onUnreadable: OnUnreadable, below = ''): AsyncGenerator<SongPath> {
  const folder = join(root, below);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    onUnreadable(folder, error as Error);
    return [];
  });
  if (entries.some(({ name }) => name === LIBRARY_FOLDER)) return;
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  for (const entry of visible.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    const path = join(root, name);
    if (entry.isDirectory()) yield* scan(root, onUnreadable, name);
    else if (isSongName(name) && (entry.isFile() || (await isLinkToFile(path)))) yield { path, name };
  }
}

function isSongName(name: string): boolean {
  return SONG_ENDINGS.includes(extname(name).slice(1).toLowerCase());
}

async function isLinkToFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}
