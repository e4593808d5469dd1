/** Keeps the first and last bytes of an unbounded text: errors show up at either end. */
export class HeadAndTail {
  private readonly head: Buffer[] = [];
  private headBytes = 0;
  private tail: Buffer = Buffer.alloc(0);
  private dropped = 0;
  private readonly half: number;

  constructor(maxBytes: number) {
    this.half = Math.ceil(maxBytes / 2);
  }

  append(chunk: Buffer): void {
    const free = Math.min(this.half - this.headBytes, chunk.length);
    if (free > 0) {
      this.head.push(Buffer.from(chunk.subarray(0, free)));
      this.headBytes += free;
    }
    if (free < chunk.length) this.appendTail(chunk.subarray(Math.max(free, 0)));
  }

  toString(): string {
    const gap = this.dropped > 0 ? `\n[${this.dropped} bytes omitted]\n` : '';
    return `${Buffer.concat(this.head).toString('utf8')}${gap}${this.tail.toString('utf8')}`;
  }

  private appendTail(chunk: Buffer): void {
    const joined = Buffer.concat([this.tail, chunk]);
    const excess = Math.max(joined.length - this.half, 0);
    this.dropped += excess;
    this.tail = Buffer.from(joined.subarray(excess));
  }
}
