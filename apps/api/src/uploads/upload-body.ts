import type { Request } from 'express';
import { finished, type TransformCallback } from 'node:stream';
import { PartHeaderFilter } from './part-header-filter.js';
import { BodyTooLargeError, UploadStalledError } from './upload.errors.js';

/** slower than any modem: it only keeps others out */
export const SLOWEST_BYTES_PER_SECOND = 1024;

export interface UploadLimits {
  readonly maxBytes: number;
  /** seconds of silence, or of less than the slowest rate, after which the upload fails */
  readonly stallSeconds: number;
}

/** The body of an upload: readable headers, size limited whatever Content-Length says, and failed on a stall. */
export class UploadBody extends PartHeaderFilter {
  private received = 0;
  private receivedBefore = 0;
  /** whether the store kept the client waiting in this interval */
  private hasWaited = false;
  private readonly maxBytes: number;

  constructor(request: Request, boundary: string, { maxBytes, stallSeconds }: UploadLimits) {
    super(boundary);
    this.maxBytes = maxBytes;
    // the server's own time-out covers the whole upload, and would end a slow but healthy one
    const stallMs = stallSeconds * 1000;
    const { socket } = request;
    request.setTimeout(stallMs, () => {
      // while we wait for the store, we read nothing from the client
      if (!this.writableNeedDrain) this.destroy(new UploadStalledError());
    });
    this.on('drain', () => {
      this.hasWaited = true;
      socket.setTimeout(stallMs);
    });
    const pace = setInterval(() => {
      this.checkPace(SLOWEST_BYTES_PER_SECOND * stallSeconds);
    }, stallMs).unref();
    this.once('close', () => {
      clearInterval(pace);
    });
    // not a pipeline, which would destroy the request: a refused client must be able to finish sending, see `drainUpload`
    request.pipe(this);
    // a form that is refused before anyone reads it has no other listener, and an unhandled error ends the process
    this.on('error', () => undefined);
    this.once('close', () => request.resume());
    finished(request, (error) => {
      socket.setTimeout(0);
      clearInterval(pace);
      if (error) this.destroy(error);
    });
  }

  /** A byte now and then is not silence, yet it keeps a place that others wait for. */
  private checkPace(leastBytes: number): void {
    const isSlow = this.received - this.receivedBefore < leastBytes;
    if (isSlow && !this.hasWaited && !this.writableNeedDrain) this.destroy(new UploadStalledError());
    this.receivedBefore = this.received;
    this.hasWaited = false;
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    if (this.received > this.maxBytes) done(new BodyTooLargeError());
    else super._transform(chunk, encoding, done);
  }
}
