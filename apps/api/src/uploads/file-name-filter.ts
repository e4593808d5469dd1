import { Transform, type TransformCallback } from 'node:stream';

const MARKER = Buffer.from('filename="');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;

/** enough for the longest displayed name in UTF-8 */
const MAX_BYTES = 1024;

/** The body is larger than the limit. */
export class BodyTooLargeError extends Error {}

/**
 * Sanitizes the file name ahead of the multipart parser, which fails on control characters and on headers over 16 kB:
 * replaces control characters, cuts a long name, and passes every other byte through.
 */
export class FileNameFilter extends Transform {
  private state: 'seek' | 'name' | 'pass' = 'seek';
  /** end of the last chunk, where a marker may begin */
  private tail = Buffer.alloc(0);
  private taken = 0;
  private escaped = false;
  private cut = false;

  private received = 0;

  /** @param maxBytes the stream fails with BodyTooLargeError after this many */
  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    if (this.received > this.maxBytes) done(new BodyTooLargeError());
    else if (this.state === 'pass') done(null, chunk);
    else done(null, this.state === 'seek' ? this.seek(chunk) : this.readName(chunk));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.tail);
  }

  private seek(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.tail, chunk]);
    const at = bytes.indexOf(MARKER);
    if (at < 0) {
      const kept = Math.min(bytes.length, MARKER.length - 1);
      this.tail = bytes.subarray(bytes.length - kept);
      return bytes.subarray(0, bytes.length - kept);
    }
    this.tail = Buffer.alloc(0);
    this.state = 'name';
    const end = at + MARKER.length;
    return Buffer.concat([bytes.subarray(0, end), this.readName(bytes.subarray(end))]);
  }

  private readName(bytes: Buffer): Buffer {
    const name = Buffer.alloc(Math.min(bytes.length, MAX_BYTES));
    let length = 0;
    for (const [at, byte] of bytes.entries()) {
      if (byte === QUOTE && !this.escaped) {
        this.state = 'pass';
        return Buffer.concat([name.subarray(0, length), bytes.subarray(at)]);
      }
      this.escaped = byte === BACKSLASH && !this.escaped;
      // an escape is not the last byte before the cut, where it would swallow the closing quote
      this.cut ||= this.taken >= (this.escaped ? MAX_BYTES - 1 : MAX_BYTES);
      if (!this.cut) {
        name[length++] = byte < 0x20 || byte === 0x7f ? UNDERSCORE : byte;
        this.taken += 1;
      }
    }
    return name.subarray(0, length);
  }
}
