import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function withTemporaryFile<T>(use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openTemporaryFile();
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Opens an unlinked temporary file: the system frees it with its last handle, even after a crash. */
export async function openTemporaryFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `stem-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
