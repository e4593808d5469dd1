import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { SeparationOptions } from '../../upload/upload.js';
import { LIBRARY_FOLDER } from '../library-folder.js';
import { isSame, type Fingerprint } from '../songs/fingerprint.js';
import { entryName, type Entry, type Written } from './entry.js';

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

  private constructor(
    readonly root: string,
    private readonly entries: Map<string, Entry>,
  ) {
    for (const entry of entries.values()) {
      if (entry.source !== undefined) this.bySource.set(entry.source, entry);
      if (entry.written !== undefined) this.claim(entry.written.folder, entry);
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
    return new Library(root, entries);
  }

  /** Makes its folder: without it, stems would be taken for songs. */
  async prepare(): Promise<void> {
    await mkdir(join(this.root, LIBRARY_FOLDER), { recursive: true });
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
    await writeFile(`${file}.part`, `${JSON.stringify(entry, null, 2)}\n`);
    await rename(`${file}.part`, file);
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

/** A file that was cut off, or is of a later version, is as good as none: the song is fetched again. */
function parse(text: string): Entry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Entry>;
    return entry.version === 1 && typeof entry.song === 'string' ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
