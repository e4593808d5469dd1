/** characters of a name at most; a file system takes 255 bytes, a reader less */
const LONGEST = 200;

/** controls, line separators, and the marks that turn the direction of text: `\p{C}` but for the joiners that scripts need */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** what a path or a shell of some system reads as more than a letter */
const RESERVED = /[<>:"|?*]/g;

const FALLBACK = 'song';

/**
 * The client's file name as it may be shown and offered for download: the last part of a path, composed (NFC),
 * without control characters, of any script. Never part of a key.
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

/** Keeps the extension: it says what the file is. */
function shorten(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= LONGEST) return name;
  const extension = /\.[\p{L}\p{N}]{1,8}$/u.exec(name)?.[0] ?? '';
  return letters.slice(0, LONGEST - extension.length).join('') + extension;
}
