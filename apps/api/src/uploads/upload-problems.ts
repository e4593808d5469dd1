import type { Request } from 'express';
import { ProblemError } from '../problems/problem.error.js';
import { SLOWEST_BYTES_PER_SECOND } from './pipe-request.js';
import type { UploadLimits } from './upload-body.js';
import { BodyTooLargeError, MalformedFormError, UploadStalledError } from './upload.errors.js';

export const FILE_FIELD = 'file';
export const URL_FIELD = 'url';
export const UPLOAD_FIELD = 'upload';

export function fileTooLarge(maxBytes: number): ProblemError {
  return new ProblemError('file_too_large', `The file is larger than the limit of ${maxBytes} bytes.`, {
    extras: { limit: maxBytes },
  });
}

export function missingFile(): ProblemError {
  const detail =
    `Send the song in multipart field "${FILE_FIELD}", as a file with a name, or its link in "${URL_FIELD}", ` +
    `or the id of its resumable upload in "${UPLOAD_FIELD}".`;
  return new ProblemError('missing_file', detail);
}

export function tooManyFiles(): ProblemError {
  return new ProblemError('too_many_files', 'Send one file per separation.');
}

export function malformed(detail: string): ProblemError {
  return new ProblemError('malformed_upload', detail);
}

/** @throws ProblemError unsupported_media_type: what is compressed could be a thousand times as long as what is counted */
export function mustNotBeEncoded({ headers }: Request): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  throw new ProblemError('unsupported_media_type', `Send the form without Content-Encoding "${encoding}".`, {
    headers: { 'Accept-Encoding': 'identity' },
  });
}

function uploadStalled(stallSeconds: number): ProblemError {
  const detail = `The upload sent less than ${SLOWEST_BYTES_PER_SECOND} bytes a second for ${stallSeconds} s.`;
  return new ProblemError('upload_stalled', detail, {
    // the rest of the file may still arrive
    headers: { Connection: 'close' },
  });
}

/** Turns an error of the body or its parser into a problem; returns any other error unchanged. */
export function uploadProblem(error: unknown, { maxBytes, stallSeconds }: UploadLimits): unknown {
  if (error instanceof UploadStalledError) return uploadStalled(stallSeconds);
  if (error instanceof BodyTooLargeError) return fileTooLarge(maxBytes);
  if (error instanceof MalformedFormError) return malformed(error.message);
  // busboy throws plain errors
  if (error instanceof Error && /^(Malformed|Unexpected end|Multipart|Missing Content-Type)/.test(error.message)) {
    return malformed(`The body is not valid multipart/form-data: ${error.message}.`);
  }
  return error;
}
