/** A stored object, and its name in the archive. */
export interface ZipEntry {
  readonly key: string;
  readonly bytes: number;
  readonly name: string;
  /** strong: equal tags mean equal bytes */
  readonly etag: string;
}
