import { MulterError } from 'multer';
import { ProblemError } from '../problems/problem.error.js';
import { BodyTooLargeError } from './file-name-filter.js';
import { UploadStalledError, type UploadLimits } from './upload-body.js';

export const FILE_FIELD = 'file';

export function fileTooLarge(maxBytes: number): ProblemError {
  return new ProblemError('file_too_large', `The file is larger than the limit of ${maxBytes} bytes.`, {
    extras: { limit: maxBytes },
  });
}

function uploadStalled(stallSeconds: number): ProblemError {
  return new ProblemError('upload_stalled', `Nothing of the file came for ${stallSeconds} s.`, {
    // what is left of the file may still come
    headers: { Connection: 'close' },
  });
}

export function missingFile(): ProblemError {
  return new ProblemError('missing_file', `Send the song as the multipart field "${FILE_FIELD}", with a file name.`);
}

/** What the parser found wrong, as the client is told; anything else is given back as it is. */
export function uploadProblem(error: unknown, { maxBytes, stallSeconds }: UploadLimits): unknown {
  if (error instanceof ProblemError) return error;
  if (error instanceof UploadStalledError) return uploadStalled(stallSeconds);
  if (error instanceof BodyTooLargeError) return fileTooLarge(maxBytes);
  if (error instanceof MulterError) return parserProblem(error, maxBytes);
  // busboy throws plain errors for bodies that are no multipart
  if (
    error instanceof Error &&
    /Malformed|Unexpected end|Multipart|Boundary|Missing Content-Type/i.test(error.message)
  ) {
    return new ProblemError('malformed_upload', `The body is not valid multipart/form-data: ${error.message}.`);
  }
  return error;
}

function parserProblem(error: MulterError, maxBytes: number): ProblemError {
  switch (error.code) {
    case 'LIMIT_FILE_SIZE':
      return fileTooLarge(maxBytes);
    case 'LIMIT_UNEXPECTED_FILE':
    case 'LIMIT_FILE_COUNT':
      return error.field === undefined || error.field === FILE_FIELD
        ? new ProblemError('too_many_files', 'Send one file for each separation.')
        : new ProblemError('unknown_field', 'The file is in a field that is not known; call it "file".');
    default:
      return new ProblemError('malformed_upload', `The form cannot be read: ${error.message}.`);
  }
}
