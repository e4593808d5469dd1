/** in characters */
const MAX_LENGTH = 200;

/** controls, line separators and direction marks: `\p{C}` except the joiners that scripts need */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** special in the paths or shells of some system */
const RESERVED = /[<>:"|?*]/g;

const FALLBACK = 'song';

/**
 * Sanitizes a client's file name for display and download, in any script: the last part of a path, NFC, without
 * control characters. Never used in a key.
 */
export function displayName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(RESERVED, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '');
  return shorten(clean === '' ? FALLBACK : clean);
}

/** Keeps the extension. */
function shorten(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= MAX_LENGTH) return name;
  const extension = /\.[\p{L}\p{N}]{1,8}$/u.exec(name)?.[0] ?? '';
  return letters.slice(0, MAX_LENGTH - extension.length).join('') + extension;
}
