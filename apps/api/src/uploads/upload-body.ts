import type { Request } from 'express';
import type { TransformCallback } from 'node:stream';
import { PartHeaderFilter } from './part-header-filter.js';
import { pipeRequest } from './pipe-request.js';
import { BodyTooLargeError } from './upload.errors.js';

export interface UploadLimits {
  readonly maxBytes: number;
  /** seconds of silence, or of less than the slowest rate, after which the upload fails */
  readonly stallSeconds: number;
}

/** The body of an upload: readable headers, size limited whatever Content-Length says, and failed on a stall. */
export class UploadBody extends PartHeaderFilter {
  received = 0;
  private readonly maxBytes: number;

  constructor(request: Request, boundary: string, { maxBytes, stallSeconds }: UploadLimits) {
    super(boundary);
    this.maxBytes = maxBytes;
    pipeRequest(request, this, stallSeconds);
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    if (this.received > this.maxBytes) done(new BodyTooLargeError());
    else super._transform(chunk, encoding, done);
  }
}
