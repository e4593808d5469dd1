import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Splits chunks of UTF-8 into lines, and skips empty lines. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private line = '';

  /** @param refuse makes the error for a line over `maxLength` characters; without it, such a line is cut */
  constructor(
    private readonly maxLength: number,
    private readonly refuse?: () => Error,
  ) {}

  /** The lines that the chunk completes. */
  *push(chunk: Buffer): Generator<string> {
    const [first = '', ...others] = this.decoder.write(chunk).split('\n');
    this.extend(first);
    for (const next of others) {
      yield* this.end();
      this.extend(next);
    }
  }

  /** The line that the stream ended in the middle of. */
  *end(): Generator<string> {
    if (this.line !== '') yield this.line;
    this.line = '';
  }

  private extend(text: string): void {
    const free = this.maxLength - this.line.length;
    if (text.length > free && this.refuse !== undefined) throw this.refuse();
    this.line += text.slice(0, free);
  }
}

/** The lines of a stream, split as by LineSplitter. */
export async function* readLines(source: Readable, maxLength: number, refuse?: () => Error): AsyncGenerator<string> {
  const lines = new LineSplitter(maxLength, refuse);
  for await (const chunk of source) yield* lines.push(chunk as Buffer);
  yield* lines.end();
}
