import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Tells, without reading a file, whether it may have changed. */
export interface Fingerprint {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** @throws the system's error if the file is gone or may not be read */
export async function fingerprintOf(path: string): Promise<Fingerprint> {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, modifiedMs: mtimeMs };
}

export function isSame(one: Fingerprint, other: Fingerprint): boolean {
  return one.bytes === other.bytes && one.modifiedMs === other.modifiedMs;
}

/** SHA-256 of a file, in hex. */
export async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
