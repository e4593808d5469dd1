import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CallOptions } from '../caller.js';
import type { SeparationClient } from '../separation-client.js';

/**
 * Downloads to a temporary name first: a file under its own name is complete. Replaces a file of that name.
 * @param path of the API, see `paths`
 * @returns the size of the file, in bytes
 */
export async function saveDownload(
  client: SeparationClient,
  path: string,
  file: string,
  { signal }: CallOptions = {},
): Promise<number> {
  const partial = `${file}.${randomUUID()}.part`;
  try {
    const { body } = await client.download(path, { signal });
    const written = createWriteStream(partial, { flags: 'wx' });
    await pipeline(body ?? Readable.from([]), written, { signal });
    await rename(partial, file);
    return written.bytesWritten;
  } finally {
    await rm(partial, { force: true });
  }
}
