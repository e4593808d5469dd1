import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { ObjectStore } from '@app/storage';
import type { ZipEntry } from './zip-entry.js';

const REMEMBERED = 10_000;

/** The CRC-32 of objects in archives. The store keeps none, and who continues a download skips most of the data. */
export class Checksums {
  private readonly known = new LRUCache<string, number>({ max: REMEMBERED });

  constructor(private readonly store: ObjectStore) {}

  /** Streams an entry, and remembers its checksum at the end. @throws Error if its length is not the announced one */
  async *pass(entry: ZipEntry, signal: AbortSignal): AsyncGenerator<Buffer> {
    let checksum = 0;
    let bytes = 0;
    for await (const chunk of await this.store.get(entry.key, { signal })) {
      const data = chunk as Buffer;
      checksum = crc32(data, checksum);
      bytes += data.length;
      yield data;
    }
    if (bytes !== entry.bytes) throw new Error(`${entry.key} has ${bytes} bytes, not ${entry.bytes}`);
    this.known.set(idOf(entry), checksum);
  }

  /** Reads the object if it must. */
  async of(entry: ZipEntry, signal: AbortSignal): Promise<number> {
    const known = this.known.get(idOf(entry));
    if (known !== undefined) return known;
    const chunks = this.pass(entry, signal);
    while ((await chunks.next()).done !== true);
    return this.of(entry, signal);
  }

  /** Takes a checksum that is known from elsewhere. */
  remember(entry: ZipEntry, checksum: number): void {
    this.known.set(idOf(entry), checksum);
  }
}

function idOf({ key, etag }: ZipEntry): string {
  return `${key} ${etag}`;
}
