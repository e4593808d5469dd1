import { buffer } from 'node:stream/consumers';
import type { SeekableSource } from './seekable-source.js';

const BLOCK_BYTES = 64 * 1024;

/** Reads headers of a stored song in blocks: most songs need one read. */
export class ByteReader {
  private block = Buffer.alloc(0);
  private blockAt = 0;

  constructor(private readonly source: SeekableSource) {}

  get bytes(): number {
    return this.source.bytes;
  }

  /** @returns fewer bytes at the end of the song. @param length at most 64 KiB */
  async read(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + Math.min(length, BLOCK_BYTES), this.bytes);
    if (at >= end) return Buffer.alloc(0);
    if (at < this.blockAt || end > this.blockAt + this.block.length) {
      const last = Math.min(at + BLOCK_BYTES, this.bytes) - 1;
      this.block = await buffer(await this.source.read({ start: at, end: last }));
      this.blockAt = at;
    }
    return this.block.subarray(at - this.blockAt, end - this.blockAt);
  }
}
