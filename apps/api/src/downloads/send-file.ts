import { ofLength, type ByteRange, type ObjectStore } from '@app/storage';
import type { Request, Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProblemError } from '../problems/problem.error.js';
import { byteRange } from './byte-range.js';
import { matchesEtag } from './etag.js';

/** What a client may take whole or by range. */
export interface Download {
  readonly bytes: number;
  /** strong: equal tags mean equal bytes */
  readonly etag: string;
  readonly contentType: string;
  /** offers it as an attachment of this name */
  readonly downloadName?: string;
  /** of its sha256: a link that names it with `v` is always answered with these bytes */
  readonly version?: string;
  /** its address alone names its bytes */
  readonly isImmutable?: boolean;
}

/** A stored object, and how to send it. */
export interface ServedFile extends Download {
  readonly key: string;
}

/** Opens a download, or the range of it. */
export type OpenDownload = (range: ByteRange | undefined) => Promise<Readable>;

/** a separation may be deleted and made again, on another backend: only a link with a version has one content */
const FOREVER = 'private, max-age=31536000, immutable';
const REVALIDATE = 'private, no-cache';

/**
 * Answers GET or HEAD with the file, one range of it, or 304.
 * @throws ProblemError range_not_satisfiable
 */
export function sendFile(
  store: ObjectStore,
  file: ServedFile,
  request: Request,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  return sendDownload(file, (range) => store.get(file.key, { signal, ...(range && { range }) }), request, response);
}

/** As `sendFile`, for what does not lie in the store as it is sent. */
export async function sendDownload(
  file: Download,
  open: OpenDownload,
  request: Request,
  response: Response,
): Promise<void> {
  const { bytes } = file;
  const isFresh = matchesEtag(request.headers['if-none-match'], file.etag);
  const range = isFresh ? undefined : wantedRange(request, file);
  // before the headers: an error response must not carry those of the file
  const body = isFresh || request.method === 'HEAD' ? undefined : await open(range);
  setHeaders(request, response, file);
  if (isFresh) {
    response.status(304).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  if (range !== undefined) response.status(206).set('Content-Range', `bytes ${start}-${end}/${bytes}`);
  response.set('Content-Length', String(end - start + 1));
  if (body === undefined) response.end();
  else await pipeline(ofLength(end - start + 1, body), response);
}

function wantedRange(request: Request, { bytes, etag }: Download): ReturnType<typeof onlyRange> {
  const { range, 'if-range': condition } = request.headers;
  if (request.method !== 'GET' || (condition !== undefined && condition !== etag)) return undefined;
  return onlyRange(byteRange(range, bytes), bytes);
}

function onlyRange(range: ReturnType<typeof byteRange>, bytes: number): Exclude<typeof range, 'unsatisfiable'> {
  if (range !== 'unsatisfiable') return range;
  const headers = { 'Content-Range': `bytes */${bytes}` };
  throw new ProblemError('range_not_satisfiable', `The file has ${bytes} bytes.`, { headers });
}

function setHeaders(request: Request, response: Response, file: Download): void {
  const isNamed = file.isImmutable === true || (file.version !== undefined && request.query['v'] === file.version);
  // first: it guesses a content type from the name
  if (file.downloadName !== undefined) response.attachment(file.downloadName);
  response.set({
    'Accept-Ranges': 'bytes',
    'Cache-Control': isNamed ? FOREVER : REVALIDATE,
    'Content-Type': file.contentType,
    ETag: file.etag,
    'X-Content-Type-Options': 'nosniff',
  });
  // added to Origin, which CORS sets
  response.vary('Authorization, X-Api-Key');
}
