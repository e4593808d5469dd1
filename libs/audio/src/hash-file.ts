import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

export interface FileDigest {
  /** lower-case hex */
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads a file once and gives its sha256 and length. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
  await pipeline(source, hash, signal === undefined ? {} : { signal });
  return { sha256: hash.digest('hex'), bytes: source.bytesRead };
}
