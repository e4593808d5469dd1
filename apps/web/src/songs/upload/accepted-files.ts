import { CONTENT_TYPES, SONG_FILE_ENDINGS } from '../../api/contract.js';
import type { ErrorCode } from '../../api/errors.js';

const TYPES = Object.values(CONTENT_TYPES);

/** for the `accept` attribute of a file input */
export const ACCEPT = [...TYPES, ...SONG_FILE_ENDINGS.map((ending) => `.${ending}`)].join();

/** Why the server would refuse a file, as far as its name, type and size tell; undefined if they tell nothing. */
export function refusalOf(file: File, maxBytes: number): ErrorCode | undefined {
  if (file.size === 0) return 'empty_file';
  if (file.size > maxBytes) return 'file_too_large';
  return mayBeSong(file) ? undefined : 'not_audio';
}

/** As far as its name and type tell. */
export function mayBeSong({ name, type }: Pick<File, 'name' | 'type'>): boolean {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  const isAccepted = ending === undefined ? /^($|audio\/|video\/)/.test(type) : SONG_FILE_ENDINGS.includes(ending);
  return isAccepted || TYPES.includes(type);
}
