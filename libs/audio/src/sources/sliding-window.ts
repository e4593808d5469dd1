import type { Readable } from 'node:stream';
import type { SeekableSource } from './seekable-source.js';

/** Reads a song once, from its start to its end, with a look ahead: for scans of every frame. */
export class SlidingWindow {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private chunks: AsyncIterator<Buffer> | undefined;
  private stream: Readable | undefined;

  constructor(private readonly source: SeekableSource) {}

  get length(): number {
    return this.source.bytes;
  }

  /** The bytes from `at` on: at least `length`, or all that are left. `at` never goes back. */
  async view(at: number, length: number): Promise<Buffer> {
    const end = Math.min(at + length, this.length);
    if (end > this.at + this.bytes.length) await this.load(at, end);
    return this.bytes.subarray(at - this.at);
  }

  close(): void {
    this.stream?.destroy();
  }

  private async load(at: number, end: number): Promise<void> {
    const parts = [this.bytes.subarray(Math.min(at - this.at, this.bytes.length))];
    let loaded = this.at + this.bytes.length;
    while (loaded < end) {
      const chunk = await this.next();
      if (chunk === undefined) throw new Error(`the song ended after ${loaded} of ${this.length} bytes`);
      if (loaded + chunk.length > at) parts.push(loaded < at ? chunk.subarray(at - loaded) : chunk);
      loaded += chunk.length;
    }
    this.bytes = Buffer.concat(parts);
    this.at = at;
  }

  private async next(): Promise<Buffer | undefined> {
    if (this.chunks === undefined) {
      this.stream = await this.source.read({ start: 0, end: Math.max(this.length - 1, 0) });
      this.chunks = (this.stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    }
    const next = await this.chunks.next();
    return next.done === true ? undefined : next.value;
  }
}
