import type { Readable } from 'node:stream';

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** bytes `start` to `end`, both inclusive */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface CallOptions {
  /** ends the call; every call also has a time-out of its own */
  readonly signal?: AbortSignal;
}

/**
 * The object store, the only truth. Keys are relative paths of safe segments (letters, digits, `._-`).
 * Every method throws `StorageUnavailableError` when the store cannot be reached in time,
 * `ObjectNotFoundError` where an object that must exist does not, `InvalidKeyError` for any other key,
 * and the signal's reason when it aborts.
 */
export abstract class ObjectStore {
  /**
   * Stores the whole stream under the key, atomically: nothing is to be seen until its last byte has arrived.
   * When the source fails or the signal aborts, the call rejects and leaves neither an object nor an unfinished upload.
   * The source is destroyed when the call ends, also when it rejects before it read from it.
   */
  abstract put(key: string, source: Readable, options?: CallOptions): Promise<ObjectInfo>;

  /**
   * Stores a file that nobody writes to any more, atomically; it stays where it is. A folder on the same file system
   * shares its bytes and copies none.
   */
  abstract putFile(key: string, path: string, options?: CallOptions): Promise<ObjectInfo>;

  /** Stores a small document, atomically. */
  abstract putText(key: string, text: string, options?: CallOptions): Promise<void>;

  /**
   * A stream of the object or of a part of it; the caller reads or destroys it.
   * A range that ends behind the object is cut; one that starts there throws `InvalidRangeError`.
   */
  abstract get(key: string, options?: CallOptions & { readonly range?: ByteRange }): Promise<Readable>;

  /** The whole of a small document (1 MiB at most), or undefined where there is none. */
  abstract getText(key: string, options?: CallOptions): Promise<string | undefined>;

  /** undefined where there is none */
  abstract head(key: string, options?: CallOptions): Promise<ObjectInfo | undefined>;

  /** Copied by the store itself; the bytes do not pass through this process. */
  abstract copy(from: string, to: string, options?: CallOptions): Promise<void>;

  /** Removing what is not there is no error. */
  abstract remove(key: string, options?: CallOptions): Promise<void>;

  /** Removes every object below the prefix, which ends with a slash and is not empty. */
  abstract removeAll(prefix: string, options?: CallOptions): Promise<void>;

  /** Objects below the prefix (empty, or ending with a slash), in key order. */
  abstract list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;

  /** The names of the folders directly below the prefix (`separations/` gives the ids), in order. */
  abstract listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>;

  /** Ends uploads that nobody finishes and temporary files older than the age, in milliseconds. Gives their number. */
  abstract sweepUnfinished(olderThanMs: number, options?: CallOptions): Promise<number>;

  /** Resolves when the store answers and can be written to. */
  abstract ping(options?: CallOptions): Promise<void>;

  abstract close(): Promise<void>;
}
