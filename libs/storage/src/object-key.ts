import { InvalidKeyError } from './storage.errors.js';

const MAX_KEY_LENGTH = 900;
// no leading dot: rules out `..` and the folder driver's own names
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** @throws InvalidKeyError unless it is a relative path of safe segments. */
export function checkKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH || !key.split('/').every((segment) => SEGMENT.test(segment))) {
    throw new InvalidKeyError('key');
  }
}

/** A prefix names a folder: safe segments, each with a slash after it. `songs/1` must not match `songs/10`. */
export function checkPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) throw new InvalidKeyError('prefix');
  try {
    checkKey(prefix.slice(0, -1));
  } catch {
    throw new InvalidKeyError('prefix');
  }
}

/** The empty prefix lists the whole store. */
export function checkListPrefix(prefix: string): void {
  if (prefix !== '') checkPrefix(prefix);
}
