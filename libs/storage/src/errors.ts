/** An object that must exist does not. */
export class ObjectNotFoundError extends Error {
  readonly code = 'object_not_found';

  constructor(readonly key: string) {
    super(`there is no object ${key}`);
  }
}

/** The store cannot be reached in time, or refuses to work: the call may be tried again later. */
export class StorageUnavailableError extends Error {
  readonly code = 'storage_unavailable';

  constructor(reason: string, options?: ErrorOptions) {
    super(`the object store is not available: ${reason}`, options);
  }
}

/** A key or prefix that is not made of safe segments; the text of it is not repeated, it may be an attacker's. */
export class InvalidKeyError extends Error {
  readonly code = 'invalid_key';

  constructor(what: 'key' | 'prefix') {
    super(`the ${what} is not made of safe segments`);
  }
}

/** The range starts behind the end of the object, or is none. */
export class InvalidRangeError extends Error {
  readonly code = 'invalid_range';

  constructor(readonly key: string) {
    super(`the range lies outside of ${key}`);
  }
}

/** The code of an error of Node or of the S3 client; `instanceof` cannot tell, their classes are there more than once. */
export function errorCode(error: unknown): string | undefined {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
