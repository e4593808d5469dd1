import { Transform, type TransformCallback } from 'node:stream';
import { BodyTooLargeError, MalformedFormError } from '../uploads/upload.errors.js';

/** Decodes base64 (RFC 4648), with or without line ends. Fails with MalformedFormError or BodyTooLargeError. */
export class Base64Decoder extends Transform {
  /** up to three characters that the next ones complete to four */
  private held = '';
  private padding = '';
  private decoded = 0;

  /** @param maxBytes once decoded */
  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.decode(chunk.toString('latin1'));
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    const missing = (4 - this.held.length) % 4;
    const isWhole = missing < 3 && this.padding.length === missing;
    if (!isWhole) {
      done(new MalformedFormError('The base64 text is cut off: its length, with "=", must be a multiple of four.'));
      return;
    }
    this.pass(this.held);
    done();
  }

  private decode(chunk: string): void {
    const text = /\s/.test(chunk) ? chunk.replaceAll(/\s+/g, '') : chunk;
    const [, letters = '', padding = '', wrong] = /^([A-Za-z0-9+/]*)(=*)(.)?/s.exec(text) ?? [];
    this.padding += padding;
    if (wrong !== undefined || this.padding.length > 2 || (this.padding !== padding && letters !== '')) {
      const sign = JSON.stringify(wrong ?? '=');
      throw new MalformedFormError(`The base64 text has ${sign} where it must not be. Send it without a prefix.`);
    }
    const whole = this.held + letters;
    const end = whole.length - (whole.length % 4);
    this.held = whole.slice(end);
    this.pass(whole.slice(0, end));
  }

  private pass(text: string): void {
    const bytes = Buffer.from(text, 'base64');
    this.decoded += bytes.length;
    if (this.decoded > this.maxBytes) throw new BodyTooLargeError();
    if (bytes.length > 0) this.push(bytes);
  }
}
