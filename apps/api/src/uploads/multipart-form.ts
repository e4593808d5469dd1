import type { Request } from 'express';
import { ProblemError } from '../problems/problem.error.js';
import { boundaryOf } from './form-type.js';
import type { SongForm } from './song-form.js';
import { UploadBody } from './upload-body.js';
import { readUploadForm } from './upload-form.js';
import { fileTooLarge, mustNotBeEncoded } from './upload-problems.js';

/** boundaries, part headers and option fields */
const FORM_OVERHEAD_BYTES = 256 * 1024;

/** The form that browsers and curl send. */
export const MULTIPART: SongForm = {
  checkHead(request: Request, maxBytes: number): void {
    if (request.is('multipart/form-data') === false) {
      throw new ProblemError('unsupported_media_type', 'Send the song as multipart/form-data.');
    }
    mustNotBeEncoded(request);
    boundaryOf(request);
    if (Number(request.headers['content-length'] ?? 0) > maxBytes + FORM_OVERHEAD_BYTES) throw fileTooLarge(maxBytes);
  },

  async read(request, { maxBytes, stallSeconds }, store) {
    const boundary = boundaryOf(request);
    const body = new UploadBody(request, boundary, { maxBytes: maxBytes + FORM_OVERHEAD_BYTES, stallSeconds });
    try {
      return await readUploadForm(body, boundary, maxBytes, store);
    } finally {
      body.destroy();
    }
  },
};
