import { InvalidKeyError } from './errors.js';

const MAX_KEY_LENGTH = 900;
// no leading dot: neither `..` nor the folder driver's own names can be asked for
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** @throws InvalidKeyError unless it is a relative path of safe segments. */
export function checkKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH || !key.split('/').every((segment) => SEGMENT.test(segment))) {
    throw new InvalidKeyError('key');
  }
}

/** A prefix names a folder: safe segments, each followed by a slash, so that `songs/1` cannot take `songs/10` with it. */
export function checkPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) throw new InvalidKeyError('prefix');
  try {
    checkKey(prefix.slice(0, -1));
  } catch {
    throw new InvalidKeyError('prefix');
  }
}

/** Lists may start at the top of the store, with the empty prefix. */
export function checkListPrefix(prefix: string): void {
  if (prefix !== '') checkPrefix(prefix);
}
