import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ByteRange, ObjectStore } from '@app/storage';
import type { Checksums } from './checksums.js';
import type { ZipEntry } from './zip-entry.js';
import { dataDescriptor, directoryEntry, endOfDirectory, localHeader } from './zip-records.js';

/** A part of the archive. Its length is known before its bytes. */
interface Segment {
  readonly bytes: number;
  readonly read: (range: ByteRange, signal: AbortSignal) => AsyncIterable<Buffer>;
}

interface ZipSources {
  readonly store: ObjectStore;
  readonly checksums: Checksums;
}

/** part of the digest: raise it when equal entries give other bytes */
const LAYOUT = 1;

/**
 * A ZIP file of stored objects, uncompressed: its length and the place of every byte follow from the names and lengths.
 * Libraries write it from the start only, and a download that broke off must continue in the middle.
 */
export class ZipArchive {
  /** Names the bytes of the archive: equal objects, names and dates give equal bytes. */
  readonly digest: string;
  readonly bytes: number;
  private readonly segments: readonly Segment[];

  constructor(
    private readonly entries: readonly ZipEntry[],
    private readonly date: Date,
    private readonly sources: ZipSources,
  ) {
    const files = entries.map((entry) => this.fileSegments(entry));
    const offsets = files.map((_, index) => lengthOf(files.slice(0, index).flat()));
    const end = lengthOf(files.flat());
    const directory = this.directory(offsets);
    const last = endOfDirectory(entries.length, directory.bytes, end);
    this.segments = [...files.flat(), directory, ready(last)];
    this.bytes = lengthOf(this.segments);
    const named = entries.map(({ name, bytes, etag }) => [name, bytes, etag]);
    const all = JSON.stringify([LAYOUT, date.toISOString(), named]);
    this.digest = createHash('sha256').update(all).digest('hex').slice(0, 32);
  }

  /** Streams the archive, or a range of it, with one object open at a time. */
  read(range: ByteRange | undefined, signal: AbortSignal): Readable {
    const chunks = this.chunks(range ?? { start: 0, end: this.bytes - 1 }, signal);
    return Readable.from(chunks, { objectMode: false, signal });
  }

  private async *chunks({ start, end }: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer> {
    let at = 0;
    for (const segment of this.segments) {
      const first = Math.max(start - at, 0);
      const last = Math.min(end - at, segment.bytes - 1);
      if (first <= last) yield* segment.read({ start: first, end: last }, signal);
      at += segment.bytes;
    }
  }

  private fileSegments(entry: ZipEntry): Segment[] {
    const { store, checksums } = this.sources;
    const { bytes } = entry;
    const record = { ...entry, date: this.date };
    const data: Segment['read'] = (range, signal) =>
      range.end - range.start + 1 === bytes
        ? checksums.pass(entry, signal)
        : read(store.get(entry.key, { range, signal }));
    const descriptor = async (signal: AbortSignal): Promise<Buffer> =>
      dataDescriptor(record, await checksums.of(entry, signal));
    const descriptorBytes = dataDescriptor(record, 0).length;
    return [ready(localHeader(record)), { bytes, read: data }, made(descriptorBytes, descriptor)];
  }

  private directory(offsets: readonly number[]): Segment {
    const write = (checksums: readonly number[]): Buffer =>
      Buffer.concat(
        this.entries.map((entry, index) => {
          const place = { offset: offsets[index] ?? 0, crc32: checksums[index] ?? 0 };
          return directoryEntry({ ...entry, date: this.date }, place);
        }),
      );
    return made(write([]).length, async (signal) => {
      const checksums: number[] = [];
      for (const entry of this.entries) checksums.push(await this.sources.checksums.of(entry, signal));
      return write(checksums);
    });
  }
}

function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

function ready(record: Buffer): Segment {
  return made(record.length, () => Promise.resolve(record));
}

/** a record that needs checksums */
function made(bytes: number, make: (signal: AbortSignal) => Promise<Buffer>): Segment {
  const cut = async function* ({ start, end }: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer> {
    yield (await make(signal)).subarray(start, end + 1);
  };
  return { bytes, read: cut };
}

async function* read(opened: Promise<Readable>): AsyncGenerator<Buffer> {
  for await (const chunk of await opened) yield chunk as Buffer;
}
