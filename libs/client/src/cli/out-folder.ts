import { access, constants, mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlainError } from './exit-codes.js';
import { LIBRARY_FOLDER } from './library-folder.js';

/** The folder that a run writes its stems to. A run that writes nothing leaves nothing of it. */
export class OutFolder {
  private constructor(
    readonly root: string,
    /** the outermost folder that was not there before */
    private made: string | undefined,
  ) {}

  /** @throws PlainError if it cannot be made or written to */
  static async make(root: string): Promise<OutFolder> {
    return orPlainError(root, async () => {
      const made = await mkdir(root, { recursive: true });
      await access(root, constants.W_OK | constants.X_OK);
      return new OutFolder(root, made);
    });
  }

  /** Marks it as a library: without the mark, stems would be taken for songs. @throws PlainError if that cannot be written */
  async mark(): Promise<void> {
    const folder = join(this.root, LIBRARY_FOLDER);
    await orPlainError(this.root, async () => {
      const made = await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK | constants.X_OK);
      this.made ??= made;
    });
  }

  /** Removes what this run made and nobody filled. */
  async removeIfEmpty(): Promise<void> {
    if (this.made === undefined) return;
    const folders = [join(this.root, LIBRARY_FOLDER)];
    for (let folder = this.root; folder.startsWith(this.made); folder = dirname(folder)) folders.push(folder);
    try {
      for (const folder of folders) await rmdir(folder);
    } catch {
      // it holds something, and so do those around it
    }
  }
}

async function orPlainError<T>(root: string, make: () => Promise<T>): Promise<T> {
  return make().catch((error: unknown) => {
    const { code = '' } = error as NodeJS.ErrnoException;
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    const reason = isFile ? 'it is, or lies in, a file' : code;
    throw new PlainError(`Cannot write stems to ${root} (${reason}). Choose another folder with --out.`);
  });
}
