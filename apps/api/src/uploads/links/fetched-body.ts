import { Transform, type Readable, type TransformCallback } from 'node:stream';
import { SLOWEST_BYTES_PER_SECOND } from '../pipe-request.js';
import type { UploadLimits } from '../upload-body.js';
import { BodyTooLargeError } from '../upload.errors.js';

/** A song at a link stopped on its way: it stalled, or its server closed the connection. */
export class BrokenFetchError extends Error {}

/** The body of an answer: size limited whatever Content-Length says, and failed when it stalls or breaks off. */
export class FetchedBody extends Transform {
  private received = 0;
  private receivedBefore = 0;
  /** whether the store kept the sender waiting in this interval */
  private hasWaited = false;

  constructor(
    body: Readable,
    private readonly limits: UploadLimits,
  ) {
    super();
    const pace = setInterval(() => {
      this.checkPace();
    }, limits.stallSeconds * 1000).unref();
    this.on('drain', () => (this.hasWaited = true));
    this.on('error', () => undefined);
    this.once('close', () => {
      clearInterval(pace);
      body.destroy();
    });
    body.once('error', (cause) => {
      this.destroy(new BrokenFetchError('the connection broke off', { cause }));
    });
    body.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    if (this.received > this.limits.maxBytes) done(new BodyTooLargeError());
    else done(null, chunk);
  }

  private checkPace(): void {
    const { stallSeconds } = this.limits;
    const isSlow = this.received - this.receivedBefore < SLOWEST_BYTES_PER_SECOND * stallSeconds;
    if (isSlow && !this.hasWaited && !this.writableNeedDrain && !this.writableEnded) {
      const rate = `less than ${SLOWEST_BYTES_PER_SECOND} bytes a second came for ${stallSeconds} s`;
      this.destroy(new BrokenFetchError(rate));
    }
    this.receivedBefore = this.received;
    this.hasWaited = false;
  }
}
