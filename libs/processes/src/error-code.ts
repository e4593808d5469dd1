/**
 * The `code` of an error, such as ENOENT or NoSuchKey. `instanceof` would miss errors from another realm (Jest)
 * or from a second copy of a package.
 */
export function errorCode(error: unknown): string | undefined {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
