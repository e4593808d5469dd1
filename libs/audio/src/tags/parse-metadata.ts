/**
 * Parses what ffmpeg writes as `ffmetadata`: fields of the file, then those of its streams. Names are in lower case, and
 * the first of a name counts.
 */
export function parseMetadata(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  // a backslash keeps the character after it, also the end of a line
  for (const line of text.match(/(?:\\[^]|[^\n\\])+/g) ?? []) {
    const [, name, value] = /^((?:\\[^]|[^=\\])+)=([^]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined || /^[;#[]/.test(line)) continue;
    const key = unescaped(name).toLowerCase();
    if (!fields.has(key)) fields.set(key, unescaped(value));
  }
  return fields;
}

function unescaped(text: string): string {
  return text.replace(/\\([^])/g, '$1');
}
