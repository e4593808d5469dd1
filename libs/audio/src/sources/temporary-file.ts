import { randomUUID } from 'node:crypto';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder for temporary files is gone, read-only or full. */
export class ScratchError extends Error {
  constructor(options: ErrorOptions) {
    super('the folder for temporary files cannot be used', options);
  }
}

/** @throws ScratchError, or what `use` throws */
export async function withTemporaryFile<T>(folder: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openTemporaryFile(folder);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Opens an unlinked temporary file: the system frees it with its last handle, even after a crash. */
export async function openTemporaryFile(folder: string): Promise<FileHandle> {
  const path = join(folder, `stem-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  } catch (error) {
    throw new ScratchError({ cause: error });
  }
}
