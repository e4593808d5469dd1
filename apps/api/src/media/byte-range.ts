import type { ByteRange } from '@app/storage';

/**
 * The part of a file that a Range header asks for (RFC 9110 §14.2): `undefined` for all of it, which is also the
 * answer to several ranges and to what is no range; `unsatisfiable` for a part that lies outside.
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
