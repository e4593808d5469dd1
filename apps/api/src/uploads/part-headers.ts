import { isUtf8 } from 'node:buffer';

/** busboy refuses longer headers */
const LONGEST_BYTES = 15 * 1024;
/** of a value in headers that are too long; more than we display of a name */
const KEPT_LETTERS = 1024;

/** the end of a line is a CR with an LF; alone they are control characters too */
const CONTROLS = /(?!\t)\p{Cc}/gu;

/** quoted strings, also one that does not end, and the text between them */
const TOKENS = /"(?:[^"\\]|\\.)*(?:"|\\?$)|[^"]+/gs;

const BARE_PARAMETER = /;[ \t]*(name|filename)[ \t]*=[ \t]*([^;]*)/gi;

const WINDOWS_1252 = new TextDecoder('windows-1252');

/**
 * Rewrites the headers of one part for the multipart parser. It refuses control characters and long headers, skips a
 * part whose file name has blanks but no quotes, and takes all text for UTF-8.
 * @param block the lines, each with its CR LF
 */
export function readableHeaders(block: Buffer): Buffer {
  const text = isUtf8(block) ? block.toString() : WINDOWS_1252.decode(block);
  const lines = text.split('\r\n').map((line) => quoted(line.replace(CONTROLS, '_')));
  const readable = Buffer.from(lines.join('\r\n'));
  return readable.length <= LONGEST_BYTES ? readable : Buffer.from(lines.map(shortened).join('\r\n'));
}

/** Writes names the usual way: `; name="x"`. */
function quoted(line: string): string {
  const tokens = tokensOf(line);
  return tokens
    .map((token, at) => {
      if (token.startsWith('"')) return token;
      const isLast = at === tokens.length - 1;
      return token.replace(BARE_PARAMETER, (all: string, name: string, value: string, from: number) => {
        // its value is the quoted string that follows
        if (value === '' && !isLast && from + all.length === token.length) return `; ${name}=`;
        return `; ${name}="${value.trim().replaceAll('\\', '\\\\')}"`;
      });
    })
    .join('');
}

function shortened(line: string): string {
  return tokensOf(line)
    .map((token) => {
      if (!token.startsWith('"')) return token.replace(/[^\s;=]+/g, (word) => withoutEscape(word, /%.?$/));
      return token.length <= KEPT_LETTERS ? token : `${withoutEscape(token, /(?<=[^\\](?:\\\\)*)\\$/)}"`;
    })
    .join('');
}

/** an incomplete escape at the cut would spoil the name, or swallow the closing quote */
function withoutEscape(value: string, escape: RegExp): string {
  return value.length <= KEPT_LETTERS ? value : value.slice(0, KEPT_LETTERS).replace(escape, '');
}

function tokensOf(line: string): readonly string[] {
  return line.match(TOKENS) ?? [];
}
