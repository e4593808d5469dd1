/** A strong ETag (RFC 9110 §8.8.3). The parts hold no quotes or spaces. */
export function etagOf(...parts: readonly (string | number)[]): string {
  return `"${parts.join('-')}"`;
}

/**
 * Whether an If-None-Match header lists the ETag, by weak comparison. Not `fresh`, which obeys `Cache-Control: no-cache`:
 * browsers and Node add it to every `fetch` that sets If-None-Match, and would never get a 304.
 */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const listed = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return listed.includes('*') || listed.includes(etag);
}
