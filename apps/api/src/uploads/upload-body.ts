import type { Request } from 'express';
import { pipeline } from 'node:stream';
import { FileNameFilter } from './file-name-filter.js';

/** a client that sends nothing for so long is dropped, ms */
const STALL_MS = 30_000;

/**
 * The body of an upload as the multipart parser reads it: file names made harmless, bounded in bytes also where the
 * length was not told or not true, and ended when the client stalls.
 */
export class UploadBody extends FileNameFilter {
  readonly headers: Request['headers'];
  readonly method: string;
  /** filled by the parser: the fields beside the file */
  readonly body?: Readonly<Record<string, unknown>>;

  constructor(request: Request, maxBytes: number) {
    super(maxBytes);
    this.headers = request.headers;
    this.method = request.method;
    // the server's own limit counts the whole upload, and would end a slow but healthy one
    request.setTimeout(STALL_MS, () => request.destroy(new Error('the client sent nothing for 30 s')));
    pipeline(request, this, () => request.setTimeout(0));
  }
}
