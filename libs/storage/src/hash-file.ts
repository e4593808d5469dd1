import { runInThread } from '@app/processes';
import type hashInThread from './hash-in-thread.js';
import type { FileDigest } from './hash-in-thread.js';

export type { FileDigest } from './hash-in-thread.js';

/** Computes a file's sha256 and length with one small buffer, in a thread: a long song has a gigabyte of files. */
export function hashFile(path: string, signal?: AbortSignal): Promise<FileDigest> {
  return runInThread<typeof hashInThread>(new URL('hash-in-thread.js', import.meta.url), path, signal);
}
