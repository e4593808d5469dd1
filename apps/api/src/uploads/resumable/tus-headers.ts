import type { Request } from 'express';
import { ProblemError } from '../../problems/problem.error.js';
import { fileTooLarge } from '../upload-problems.js';

export const TUS_VERSION = '1.0.0';

/** the media type of a part */
export const PART_TYPE = 'application/offset+octet-stream';

/** a part is read by its length: more digits are no number of bytes */
export const BYTE_COUNT = /^\d{1,15}$/;

const MAX_METADATA_LENGTH = 4096;
/** pairs of a key and base64, as the tus protocol has them */
export const METADATA = /^[!-+.-~-]+(?: [A-Za-z0-9+/]*={0,2})?(?:, ?[!-+.-~-]+(?: [A-Za-z0-9+/]*={0,2})?)*$/;

/** keys of the song's name: that of tus-js-client first */
const NAME_KEYS = ['filename', 'name'];

/** The length of a new upload. @throws ProblemError invalid_request, empty_file or file_too_large */
export function uploadLength({ headers }: Request, maxBytes: number): number {
  if (headers['upload-defer-length'] !== undefined || headers['upload-concat'] !== undefined) {
    throw new ProblemError('invalid_request', 'Send Upload-Length. It cannot be deferred, and uploads are not joined.');
  }
  const bytes = byteCount(headers['upload-length'], 'Upload-Length');
  if (bytes === 0) throw new ProblemError('empty_file', 'The file is empty.');
  if (bytes > maxBytes) throw fileTooLarge(maxBytes);
  return bytes;
}

/** Where a part begins. @throws ProblemError invalid_request */
export function uploadOffset({ headers }: Request): number {
  return byteCount(headers['upload-offset'], 'Upload-Offset');
}

/** What the client tells of its file, as it sent it. @throws ProblemError invalid_request */
export function uploadMetadata({ headers }: Request): string {
  const metadata = headers['upload-metadata'] ?? '';
  if (typeof metadata === 'string' && metadata.length <= MAX_METADATA_LENGTH) {
    if (metadata === '' || METADATA.test(metadata)) return metadata;
  }
  const detail = `Upload-Metadata has pairs of a key and base64, with commas between, and at most ${MAX_METADATA_LENGTH} letters.`;
  throw new ProblemError('invalid_request', detail);
}

/** The file's name in its metadata: untrusted, and empty if there is none. */
export function fileNameIn(metadata: string): string {
  const pairs = metadata.split(',').map((pair) => pair.trim().split(' '));
  const named = NAME_KEYS.flatMap((name) => pairs.filter(([key]) => key === name));
  return Buffer.from(named[0]?.[1] ?? '', 'base64').toString('utf8');
}

/** Refuses a part that cannot be taken, by its headers. @throws ProblemError unsupported_media_type */
export function checkPart(request: Request): void {
  if (request.headers['content-type'] !== PART_TYPE) {
    throw new ProblemError('unsupported_media_type', `Send the bytes of the song with Content-Type: ${PART_TYPE}.`);
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new ProblemError('unsupported_media_type', `Send the part without Content-Encoding "${encoding}".`);
  }
}

function byteCount(header: string | string[] | undefined, name: string): number {
  if (typeof header === 'string' && BYTE_COUNT.test(header)) return Number(header);
  throw new ProblemError('invalid_request', `Send ${name}, a number of bytes.`);
}
