import { Transform, type TransformCallback } from 'node:stream';
import { readableHeaders } from './part-headers.js';
import { MalformedFormError } from './upload.errors.js';

const CR = 0x0d;
const CRLF = Buffer.from('\r\n');
const HEADERS_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/** of one part, before they are shortened */
const MAX_HEADER_BYTES = 80 * 1024;

/** blanks that a mail gateway may add to the line of a boundary */
const MAX_PADDING = 256;

/**
 * Makes the headers of each part readable for the multipart parser. The body of a part passes through byte for byte.
 * Fails with MalformedFormError.
 */
export class PartHeaderFilter extends Transform {
  private readonly delimiter: Buffer;
  private state: 'body' | 'boundary' | 'headers' | 'end' = 'body';
  /** the end of the last chunk, which only the next one explains; at first, the line end before the first boundary */
  private held: Buffer = CRLF;
  /** bytes of that line end, which the client did not send */
  private unsent = CRLF.length;

  constructor(boundary: string) {
    super();
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.readChunk(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    this.pass(this.held);
    done();
  }

  private readChunk(chunk: Buffer): void {
    let rest = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    this.held = NOTHING;
    while (rest.length > 0) rest = this.step(rest);
  }

  /** Passes on what it understands, and returns what follows. */
  private step(bytes: Buffer): Buffer {
    switch (this.state) {
      case 'body':
        return this.inBody(bytes);
      case 'boundary':
        return this.afterBoundary(bytes);
      case 'headers':
        return this.inHeaders(bytes);
      case 'end':
        return this.pass(bytes);
    }
  }

  private inBody(bytes: Buffer): Buffer {
    const at = bytes.indexOf(this.delimiter);
    if (at >= 0) {
      this.state = 'boundary';
      const end = at + this.delimiter.length;
      this.pass(bytes.subarray(0, end));
      return bytes.subarray(end);
    }
    const mayBegin = bytes.indexOf(CR, Math.max(0, bytes.length - this.delimiter.length + 1));
    if (mayBegin < 0) return this.pass(bytes);
    this.pass(bytes.subarray(0, mayBegin));
    return this.hold(bytes.subarray(mayBegin));
  }

  private afterBoundary(bytes: Buffer): Buffer {
    const line = bytes.toString('latin1', 0, MAX_PADDING);
    if (line.startsWith('--')) {
      this.state = 'end';
      return bytes;
    }
    const padding = /^[ \t]*\r\n/.exec(line)?.[0];
    if (padding !== undefined) {
      this.state = 'headers';
      this.pass(CRLF);
      return bytes.subarray(padding.length);
    }
    if (bytes.length < MAX_PADDING && /^(?:-|[ \t]*\r?)$/.test(line)) return this.hold(bytes);
    // the parser would end the file here, and drop what follows
    throw new MalformedFormError('A line within a part starts with the boundary.');
  }

  private inHeaders(bytes: Buffer): Buffer {
    if (bytes.length < CRLF.length) return this.hold(bytes);
    if (bytes.indexOf(CRLF) === 0) throw new MalformedFormError('A part has no headers.');
    const at = bytes.indexOf(HEADERS_END);
    const block = at < 0 ? bytes : bytes.subarray(0, at + CRLF.length);
    if (block.length > MAX_HEADER_BYTES) throw new MalformedFormError('The headers of a part are too long.');
    if (block.includes(this.delimiter)) throw new MalformedFormError('A part ends within its headers.');
    if (at < 0) return this.hold(bytes);
    this.state = 'body';
    this.pass(readableHeaders(block));
    this.pass(CRLF);
    return bytes.subarray(at + HEADERS_END.length);
  }

  private pass(bytes: Buffer): Buffer {
    const sent = bytes.subarray(this.unsent);
    this.unsent -= bytes.length - sent.length;
    if (sent.length > 0) this.push(sent);
    return NOTHING;
  }

  private hold(bytes: Buffer): Buffer {
    this.held = bytes;
    return NOTHING;
  }
}
