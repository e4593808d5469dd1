import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1024 * 1024;

export interface FileDigest {
  /** lower-case hex */
  readonly sha256: string;
  readonly bytes: number;
}

/** Computes a file's sha256 and length with one small buffer. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    let bytes = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(block.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}
