import { CONTAINERS } from '../api/contract.js';
import type { ErrorCode } from '../api/errors.js';

const CONTENT_TYPES: readonly string[] = Object.values(CONTAINERS).map(({ contentType }) => contentType);
const EXTENSIONS: readonly string[] = Object.values(CONTAINERS).flatMap(({ extensions }) => extensions);

/** for the `accept` attribute of a file input */
export const ACCEPT = [...CONTENT_TYPES, ...EXTENSIONS.map((extension) => `.${extension}`)].join();

/** Why the server would refuse a file, as far as its name, type and size tell; undefined if they tell nothing. */
export function refusalOf({ name, type, size }: File, maxBytes: number): ErrorCode | undefined {
  if (size === 0) return 'empty_file';
  if (size > maxBytes) return 'file_too_large';
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  const isAccepted = extension === undefined ? /^($|audio\/|video\/)/.test(type) : EXTENSIONS.includes(extension);
  return isAccepted || CONTENT_TYPES.includes(type) ? undefined : 'not_audio';
}
