import { randomUUID } from 'node:crypto';
import { appendFile, lstat, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { SeparationOptions } from '../../upload/upload.js';
import { SongFailure } from '../failures.js';
import { LIBRARY_FOLDER } from '../library-folder.js';
import { isSame, type Fingerprint } from '../songs/fingerprint.js';
import { entryName, type Entry, type Written } from './entry.js';

/** the files that were begun, one path a line in JSON: a run that was stopped may write them again */
const TAKEN_FILE = 'files.jsonl';

/** Whose stems a folder holds. */
interface Owner {
  readonly source?: string | undefined;
  readonly sha256: string;
}

/** What asks for a folder. */
export interface Song extends Owner {
  readonly source: string;
  readonly name: string;
}

/** The folder that stems are written to, and the record of what was. A song has its entry once all its files are there. */
export class Library {
  private readonly byFolder = new Map<string, Owner>();
  private readonly bySource = new Map<string, Entry>();
  /** paths of files that this program wrote, below the library */
  private readonly taken: Set<string>;

  private constructor(
    readonly root: string,
    private readonly entries: Map<string, Entry>,
    taken: readonly string[],
  ) {
    this.taken = new Set(taken);
    for (const entry of entries.values()) {
      if (entry.source !== undefined) this.bySource.set(entry.source, entry);
      if (entry.written === undefined) continue;
      const { folder, files } = entry.written;
      this.claim(folder, entry);
      for (const { name } of files) this.taken.add(join(folder, name));
    }
  }

  static async open(root: string): Promise<Library> {
    const folder = join(root, LIBRARY_FOLDER);
    const entries = new Map<string, Entry>();
    for (const file of await readdir(folder).catch(() => [])) {
      if (!file.endsWith('.json')) continue;
      const entry = parse(await readFile(join(folder, file), 'utf8'));
      if (entry !== undefined) entries.set(file.slice(0, -'.json'.length), entry);
    }
    const taken = await readFile(join(folder, TAKEN_FILE), 'utf8').catch(() => '');
    return new Library(root, entries, taken.split('\n').flatMap(parsePath));
  }

  /** Makes its folder: without it, stems would be taken for songs. */
  async prepare(): Promise<void> {
    await mkdir(join(this.root, LIBRARY_FOLDER), { recursive: true });
  }

  /**
   * Takes paths below the library for stems, before they are written.
   * @throws SongFailure if one is the song itself, or a file that this program did not write
   */
  async take(paths: readonly string[], song: string): Promise<void> {
    const source = await stat(song).catch(missing);
    for (const path of paths) {
      const file = join(this.root, path);
      if ((await lstat(file).catch(missing)) === undefined) continue;
      const facts = await stat(file).catch(missing);
      if (source !== undefined && facts?.dev === source.dev && facts.ino === source.ino) {
        throw new SongFailure('file_exists', 'A stem would replace the song itself: choose another folder with --out.');
      }
      if (this.taken.has(path)) continue;
      throw new SongFailure('file_exists', `${file} exists already, and this program did not write it. Move it away.`);
    }
    await this.prepare();
    const added = paths.filter((path) => !this.taken.has(path));
    // a line of its own, also after one that was cut off
    const lines = added.map((path) => `\n${JSON.stringify(path)}\n`);
    await appendFile(join(this.root, LIBRARY_FOLDER, TAKEN_FILE), lines.join(''));
    for (const path of added) this.taken.add(path);
  }

  find(sha256: string, options: SeparationOptions): Entry | undefined {
    return this.entries.get(entryName(sha256, options));
  }

  /** Whether a file has an entry, told without reading it. */
  knows(source: string, fingerprint: Fingerprint, options: SeparationOptions): boolean {
    const entry = this.bySource.get(source);
    return (
      entry !== undefined && isSame(entry, fingerprint) && JSON.stringify(entry.options) === JSON.stringify(options)
    );
  }

  /** Whether all files of a song are still there. */
  async isWhole({ folder, files }: Written): Promise<boolean> {
    for (const { name, bytes } of files) {
      const facts = await stat(join(this.root, folder, name)).catch(() => undefined);
      if (facts?.size !== bytes) return false;
    }
    return true;
  }

  /**
   * A folder that no other song has: the song's file and content tell, not its name.
   * @param isFlat whether the stems may lie in the library itself, if it holds no other song
   */
  claimFolder(song: Song, { isFlat }: { readonly isFlat: boolean }): string {
    const folder = isFlat && this.canBeFlat(song) ? '' : this.freeFolder(song);
    this.claim(folder, song);
    return folder;
  }

  private canBeFlat(song: Song): boolean {
    const flat = this.byFolder.get('');
    return flat === undefined
      ? [...this.byFolder.values()].every((owner) => isOwner(owner, song))
      : isOwner(flat, song);
  }

  private freeFolder(song: Song): string {
    const { name } = song;
    const plain = name.slice(0, name.length - extname(name).length);
    for (let n = 1; ; n += 1) {
      const folder = n === 1 ? plain : n === 2 ? name : `${name} (${n - 1})`;
      const owner = this.byFolder.get(folder.toLowerCase());
      if (owner === undefined || isOwner(owner, song)) return folder;
    }
  }

  async record(entry: Entry): Promise<void> {
    const name = entryName(entry.sha256, entry.options);
    // its files took the place of earlier ones
    for (const [other, { written }] of this.entries) {
      if (other !== name && written !== undefined && written.folder === entry.written?.folder) await this.forget(other);
    }
    this.entries.set(name, entry);
    if (entry.source !== undefined) this.bySource.set(entry.source, entry);
    const file = this.fileOf(name);
    await this.prepare();
    const partial = `${file}.${randomUUID()}.part`;
    await writeFile(partial, `${JSON.stringify(entry, null, 2)}\n`, { flag: 'wx' });
    await rename(partial, file);
  }

  private async forget(name: string): Promise<void> {
    this.entries.delete(name);
    await rm(this.fileOf(name), { force: true });
  }

  /** some file systems do not tell upper case from lower */
  private claim(folder: string, { source, sha256 }: Owner): void {
    this.byFolder.set(folder.toLowerCase(), { source, sha256 });
  }

  private fileOf(name: string): string {
    return join(this.root, LIBRARY_FOLDER, `${name}.json`);
  }
}

function isOwner(owner: Owner, song: Song): boolean {
  return owner.source === song.source || owner.sha256 === song.sha256;
}

function missing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** A line that was cut off is as good as none. */
function parsePath(line: string): string[] {
  try {
    return [String(JSON.parse(line))];
  } catch {
    return [];
  }
}

/** A file that was cut off, or is of a later version, is as good as none: the song is fetched again. */
function parse(text: string): Entry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Entry>;
    return entry.version === 1 && typeof entry.song === 'string' ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
