import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function withNamelessFile<T>(use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openNameless();
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** A temporary file without a name: it is gone with its last reader or with us, however we end. */
export async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `stem-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
