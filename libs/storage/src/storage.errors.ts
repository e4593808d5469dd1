/** A required object does not exist. */
export class ObjectNotFoundError extends Error {
  readonly code = 'object_not_found';

  constructor(readonly key: string) {
    super(`object ${key} does not exist`);
  }
}

/** The store did not answer in time or refused to work. The caller may retry later. */
export class StorageUnavailableError extends Error {
  readonly code: string = 'storage_unavailable';

  constructor(reason: string, options?: ErrorOptions) {
    super(`the object store is unavailable: ${reason}`, options);
  }
}

/** The store has no space left. What is stored can still be read. */
export class StorageFullError extends StorageUnavailableError {
  override readonly code = 'out_of_disk';

  constructor(options?: ErrorOptions) {
    super('it is full', options);
  }
}

/** The store works, but cannot read this object: a bad sector, or a file whose rights were changed. */
export class UnreadableObjectError extends StorageUnavailableError {
  constructor(
    readonly key: string,
    options?: ErrorOptions,
  ) {
    super(`it cannot read ${key}`, options);
  }
}

/** The folder is not that of the store: its disk is away, or another one is in its place. The message names no path. */
export class WrongStoreError extends StorageUnavailableError {}

/** The store took an object and did not keep it as it was sent. */
export class NotKeptError extends StorageUnavailableError {
  constructor(reason: string) {
    super(`it did not keep an object whole: ${reason}`);
  }
}

/** A key or prefix has unsafe segments. The message leaves it out: it may come from an attacker. */
export class InvalidKeyError extends Error {
  readonly code = 'invalid_key';

  constructor(what: 'key' | 'prefix') {
    super(`the ${what} has unsafe segments`);
  }
}

/** The range starts after the end of the object, or is malformed. */
export class InvalidRangeError extends Error {
  readonly code = 'invalid_range';

  constructor(readonly key: string) {
    super(`the range is outside ${key}`);
  }
}

/** A small document is larger than 1 MiB. */
export class DocumentTooLargeError extends Error {
  readonly code = 'document_too_large';

  constructor(readonly key: string) {
    super(`${key} is larger than the 1 MiB limit for documents`);
  }
}
