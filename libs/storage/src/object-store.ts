import type { Readable } from 'node:stream';

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** bytes `start` to `end`, both included */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface CallOptions {
  /** ends the call; every call also has its own time-out */
  readonly signal?: AbortSignal;
}

/**
 * The object store, the source of truth. Keys are relative paths of safe segments (letters, digits, `._-`).
 * A put or copy resolves once the store has confirmed the object: its length, and its checksum where the store tells one.
 * It puts a file or a text again that the store did not keep, and throws `StorageUnavailableError` at last. Two writers
 * of one key may see each other as such a fault.
 * Every method throws `StorageUnavailableError` if the store does not answer in time, `ObjectNotFoundError` if a
 * required object does not exist, `InvalidKeyError` for an unsafe key, and the signal's reason when it aborts.
 */
export abstract class ObjectStore {
  /**
   * Stores the whole stream under the key, atomically: the object appears when its last byte has arrived.
   * If the source fails or the signal aborts, the call rejects and leaves neither an object nor an unfinished upload.
   * Destroys the source when the call ends, even if it rejects before reading.
   */
  abstract put(key: string, source: Readable, options?: CallOptions): Promise<ObjectInfo>;

  /**
   * Stores a finished file atomically, and leaves the file in place. A folder store on the same file system links it
   * instead of copying.
   */
  abstract putFile(key: string, path: string, options?: CallOptions): Promise<ObjectInfo>;

  /** Stores a small document, atomically. */
  abstract putText(key: string, text: string, options?: CallOptions): Promise<void>;

  /**
   * Streams the object or a part of it. The caller reads or destroys the stream.
   * A range that ends after the object is cut; one that starts there throws `InvalidRangeError`.
   */
  abstract get(key: string, options?: CallOptions & { readonly range?: ByteRange }): Promise<Readable>;

  /** A small document (at most 1 MiB), or undefined if it does not exist. */
  abstract getText(key: string, options?: CallOptions): Promise<string | undefined>;

  /** undefined if the object does not exist */
  abstract head(key: string, options?: CallOptions): Promise<ObjectInfo | undefined>;

  /** Copies inside the store; the bytes do not pass through this process. */
  abstract copy(from: string, to: string, options?: CallOptions): Promise<void>;

  /** Succeeds if the object does not exist. */
  abstract remove(key: string, options?: CallOptions): Promise<void>;

  /** Removes every object below a prefix that ends with a slash. The empty prefix is invalid. */
  abstract removeAll(prefix: string, options?: CallOptions): Promise<void>;

  /** Objects below a prefix (empty, or with a slash at its end), in key order. */
  abstract list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;

  /** Names of the folders directly below the prefix, in order: ids for `separations/`. */
  abstract listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>;

  /** Removes abandoned uploads and temporary files that are older than the age, and returns their number. */
  abstract sweepUnfinished(olderThanMs: number, options?: CallOptions): Promise<number>;

  /** Resolves if the store answers and is writable. */
  abstract ping(options?: CallOptions): Promise<void>;

  abstract close(): Promise<void>;
}
