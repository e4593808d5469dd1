/** A strong entity tag (RFC 9110 §8.8.3) of parts that hold neither quotes nor spaces. */
export function entityTag(...parts: readonly (string | number)[]): string {
  return `"${parts.join('-')}"`;
}

/** Whether an If-None-Match header names the tag: compared weakly, as the standard asks for there. */
export function isNamed(header: string | undefined, tag: string): boolean {
  const tags = header?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || tags.includes(tag);
}
