import { Transform, type TransformCallback } from 'node:stream';
import { BodyTooLargeError, MalformedFormError } from '../uploads/upload.errors.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN, CLOSE] = ['{[', '}]'];

/** of everything but the long string */
const MAX_REST_BYTES = 16 * 1024;

/** an escape that the next chunk completes, after whole ones */
const CUT_ESCAPE = /(?:^|[^\\])(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$/;

/**
 * Reads a JSON object with one string that is too long for memory. Passes on the text of that string; `rest` is the
 * object with an empty string in its place. Fails with MalformedFormError or BodyTooLargeError.
 */
export class LongString extends Transform {
  /** bytes so far */
  received = 0;
  private readonly kept = Buffer.alloc(MAX_REST_BYTES);
  private length = 0;
  private state: 'structure' | 'string' | 'long' = 'structure';
  private depth = 0;
  private isEscaped = false;
  /** of the string that is read, or was read last */
  private start = 0;
  /** whether the last thing read was the name of the long string */
  private isName = false;
  private isNext = false;
  private isFound = false;
  /** the beginning of an escape */
  private held = '';

  /** @param name of the member of the object, without characters that JSON escapes */
  constructor(
    private readonly name: string,
    private readonly maxBytes: number,
  ) {
    super();
  }

  /** The object without the long string, once all is read. */
  get rest(): string {
    return this.kept.toString('utf8', 0, this.length);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    try {
      if (this.received > this.maxBytes) throw new BodyTooLargeError();
      for (let bytes = chunk; bytes.length > 0;) {
        bytes = this.state === 'long' ? this.readLong(bytes) : this.readRest(bytes);
      }
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    done(this.state === 'long' ? new MalformedFormError(`The body ends within "${this.name}".`) : null);
  }

  /** Reads up to the long string, and returns what follows. */
  private readRest(bytes: Buffer): Buffer {
    for (const [at, byte] of bytes.entries()) {
      this.keep(byte);
      if (this.state === 'string') this.inString(byte);
      else if (byte === QUOTE && this.isNext) {
        if (this.isFound) throw new MalformedFormError(`"${this.name}" is listed twice.`);
        [this.state, this.isFound, this.isNext] = ['long', true, false];
        return bytes.subarray(at + 1);
      } else this.inStructure(byte);
    }
    return bytes.subarray(bytes.length);
  }

  private keep(byte: number): void {
    if (this.length === MAX_REST_BYTES) {
      throw new MalformedFormError(`The body has more than ${MAX_REST_BYTES} bytes beside "${this.name}".`);
    }
    this.kept[this.length++] = byte;
  }

  private inString(byte: number): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === QUOTE) {
      this.state = 'structure';
      this.isName = this.depth === 1 && this.kept.toString('latin1', this.start, this.length - 1) === this.name;
    }
  }

  private inStructure(byte: number): void {
    const sign = String.fromCharCode(byte);
    if (/\s/.test(sign)) return;
    this.isNext = sign === ':' && this.isName;
    this.isName = false;
    if (OPEN.includes(sign)) this.depth += 1;
    else if (CLOSE.includes(sign)) this.depth -= 1;
    else if (byte === QUOTE) [this.state, this.start] = ['string', this.length];
  }

  /** Passes on the text of the long string, and returns what follows it. */
  private readLong(bytes: Buffer): Buffer {
    const end = endOfString(bytes, this.held);
    const text = this.held + bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
    this.held = '';
    if (!text.includes('\\')) this.push(Buffer.from(text, 'latin1'));
    else {
      if (end < 0) this.held = CUT_ESCAPE.exec(text)?.[1] ?? '';
      this.push(Buffer.from(unescaped(text.slice(0, text.length - this.held.length), this.name)));
    }
    if (end < 0) return bytes.subarray(bytes.length);
    this.state = 'structure';
    this.keep(QUOTE);
    return bytes.subarray(end + 1);
  }
}

/** Where the quote is that ends the string; -1 if it goes on. @param before the beginning of an escape */
function endOfString(bytes: Buffer, before: string): number {
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes === at && before === '\\') escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}

/** shells put real line ends where JSON wants escaped ones */
function unescaped(text: string, name: string): string {
  try {
    return JSON.parse(`"${text.replaceAll(/[\r\n\t]/g, ' ')}"`) as string;
  } catch {
    throw new MalformedFormError(`"${name}" has an escape that JSON does not know.`);
  }
}
