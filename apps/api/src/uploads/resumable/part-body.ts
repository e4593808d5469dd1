import { Transform, type TransformCallback } from 'node:stream';
import type { Request } from 'express';
import { pipeRequest } from '../pipe-request.js';
import type { UploadLimits } from '../upload-body.js';
import { BodyTooLargeError } from '../upload.errors.js';

/** The body of one part of an upload: size limited whatever Content-Length says, and failed on a stall. */
export class PartBody extends Transform {
  received = 0;

  constructor(
    request: Request,
    private readonly limits: UploadLimits,
  ) {
    super();
    pipeRequest(request, this, limits.stallSeconds);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    if (this.received > this.limits.maxBytes) done(new BodyTooLargeError());
    else done(null, chunk);
  }
}
