import type { Request } from 'express';
import { finished } from 'node:stream';
import { FileNameFilter } from './file-name-filter.js';

/** The client sent nothing for too long. */
export class UploadStalledError extends Error {}

export interface UploadLimits {
  readonly maxBytes: number;
  /** seconds of silence after which the upload fails */
  readonly stallSeconds: number;
}

/** The body of an upload: file names sanitized, size limited whatever Content-Length says, and failed on a stall. */
export class UploadBody extends FileNameFilter {
  constructor(request: Request, { maxBytes, stallSeconds }: UploadLimits) {
    super(maxBytes);
    // the server's own time-out covers the whole upload, and would end a slow but healthy one
    const stallMs = stallSeconds * 1000;
    const { socket } = request;
    request.setTimeout(stallMs, () => {
      // while we wait for the store, we read nothing from the client
      if (!this.writableNeedDrain) this.destroy(new UploadStalledError());
    });
    this.on('drain', () => socket.setTimeout(stallMs));
    // not a pipeline, which would destroy the request: a refused client must be able to finish sending, see `drainUpload`
    request.pipe(this);
    // a form that is refused before anyone reads it has no other listener, and an unhandled error ends the process
    this.on('error', () => undefined);
    this.once('close', () => request.resume());
    finished(request, (error) => {
      socket.setTimeout(0);
      if (error) this.destroy(error);
    });
  }
}
