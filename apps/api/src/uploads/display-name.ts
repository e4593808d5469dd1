import { displayText } from '@app/separations';

/** in characters */
const MAX_LENGTH = 200;

/** special in the paths or shells of some system */
const RESERVED = /[<>:"|?*]/g;

/** of a song that came without a name */
export const UNNAMED = 'song';

/**
 * Sanitizes a client's file name for display and download, in any script: the last part of a path, NFC, without
 * control characters. Never used in a key.
 */
export function displayName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? '';
  const clean = withoutReserved(displayText(last));
  return shorten(clean === '' ? UNNAMED : clean);
}

/** A title as the first part of a file name. */
export function titleInFileName(title: string): string {
  const clean = withoutReserved(title.replace(/[/\\]/g, '_'));
  return clean === '' ? UNNAMED : clean;
}

function withoutReserved(name: string): string {
  return name.replace(RESERVED, '_').replace(/^[. ]+|[. ]+$/g, '');
}

/** Keeps the extension. */
function shorten(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= MAX_LENGTH) return name;
  const extension = /\.[\p{L}\p{N}]{1,8}$/u.exec(name)?.[0] ?? '';
  return letters.slice(0, MAX_LENGTH - extension.length).join('') + extension;
}
