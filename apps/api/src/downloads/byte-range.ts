import type { ByteRange } from '@app/storage';

/**
 * Parses a Range header (RFC 9110 §14.2). Returns undefined for the whole file: without a valid range, or with several.
 * Not `range-parser`, which refuses a suffix longer than the file; the RFC asks for the whole file there.
 */
export function byteRange(header: string | undefined, bytes: number): ByteRange | undefined | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replace(/\s/g, '') ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const range =
    first === ''
      ? { start: Math.max(bytes - Number(last), 0), end: bytes - 1 }
      : { start: Number(first), end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return range.start <= range.end ? range : 'unsatisfiable';
}
