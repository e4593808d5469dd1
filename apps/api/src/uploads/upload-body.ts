import type { Request } from 'express';
import { pipeline } from 'node:stream';
import { FileNameFilter } from './file-name-filter.js';

/** The client has sent nothing for longer than it may. */
export class UploadStalledError extends Error {}

export interface UploadLimits {
  /** the body fails after more than that */
  readonly maxBytes: number;
  /** the body fails when nothing comes for so long */
  readonly stallSeconds: number;
}

/**
 * The body of an upload as the multipart parser reads it: file names made harmless, bounded in bytes also where the
 * length was not told or not true, and ended when the client stalls.
 */
export class UploadBody extends FileNameFilter {
  readonly headers: Request['headers'];
  readonly method: string;
  /** filled by the parser: the fields beside the file */
  readonly body?: Readonly<Record<string, unknown>>;

  constructor(request: Request, { maxBytes, stallSeconds }: UploadLimits) {
    super(maxBytes);
    this.headers = request.headers;
    this.method = request.method;
    // the server's own limit counts the whole upload, and would end a slow but healthy one
    const stallMs = stallSeconds * 1000;
    // a request that was broken off has lost its socket at the end
    const { socket } = request;
    request.setTimeout(stallMs, () => {
      // while this waits for the store nothing is read from the client, which is not its fault
      if (!this.writableNeedDrain) this.destroy(new UploadStalledError());
    });
    this.on('drain', () => socket.setTimeout(stallMs));
    pipeline(request, this, () => socket.setTimeout(0));
  }
}
