import { pipeline } from 'node:stream';
import type { StoredCallback } from '@app/separations';
import { outboundUrl } from '@app/outbound';
import type { Request } from 'express';
import { z } from 'zod';
import { invalidUrl } from '../problems/invalid-url.js';
import { ProblemError } from '../problems/problem.error.js';
import { pipeRequest } from '../uploads/pipe-request.js';
import type { SongForm, StoreFile, UploadForm } from '../uploads/song-form.js';
import type { StagedFile } from '../uploads/stage-file.js';
import type { UploadLimits } from '../uploads/upload-body.js';
import { fileTooLarge, malformed, mustNotBeEncoded } from '../uploads/upload-problems.js';
import { Base64Decoder } from './base64-decoder.js';
import { LongString } from './long-string.js';

const SONG_FIELD = 'mp3';
const NO_NAME = '';

/** base64 takes a third more than the song; line ends, and escapes of "/" and "+", up to an eighth of that */
const TEXT_PER_BYTE = 1.5;
const OVERHEAD_BYTES = 16 * 1024;

/** of the body of a callback: numbers grow when they are written out */
const MAX_CALLBACK_BYTES = 16 * 1024;

/** what clients of other languages leave out, Python writes as null */
const fieldsSchema = z.object({
  [SONG_FIELD]: z.literal('').nullish(),
  model: z.string().max(100).nullish(),
  callback: z.object({ url: z.string(), data: z.unknown().optional() }).nullish(),
});

/** A song as base64 text in a JSON object, as one call sends it. Decodes it on the way. */
export class SongInJson implements SongForm {
  /** what the caller asked for, once the body is read */
  callback: StoredCallback | undefined;

  checkHead(request: Request, maxBytes: number): void {
    const { 'content-type': type, 'content-length': length = 0 } = request.headers;
    if (type !== undefined && request.is(['json', '+json']) === false) {
      throw new ProblemError('unsupported_media_type', 'Send JSON with Content-Type: application/json.');
    }
    mustNotBeEncoded(request);
    if (Number(length) > textLimit(maxBytes)) throw fileTooLarge(maxBytes);
  }

  async read(
    request: Request,
    { maxBytes, stallSeconds }: UploadLimits,
    store: StoreFile<StagedFile>,
  ): Promise<UploadForm<StagedFile>> {
    const body = new LongString(SONG_FIELD, textLimit(maxBytes));
    pipeRequest(request, body, stallSeconds);
    try {
      // an error of the body reaches us through the store
      const song = pipeline(body, new Base64Decoder(maxBytes), () => undefined);
      const file = await store(song, NO_NAME);
      const { [SONG_FIELD]: isThere, model, callback } = parse(body.rest);
      if (isThere !== '') throw new ProblemError('missing_file', `Send the song as base64 text in "${SONG_FIELD}".`);
      this.callback = callback ? wantedCallback(callback) : undefined;
      return { fields: { model: model ?? '' }, file };
    } finally {
      body.destroy();
    }
  }
}

function textLimit(maxBytes: number): number {
  return maxBytes * TEXT_PER_BYTE + OVERHEAD_BYTES;
}

/** @throws ProblemError malformed_upload or invalid_request */
function parse(json: string): z.output<typeof fieldsSchema> {
  const { data, error } = fieldsSchema.safeParse(parsed(json));
  if (data !== undefined) return data;
  const [field] = error.issues[0]?.path ?? [];
  if (field === 'model') throw new ProblemError('invalid_request', 'model must be text of at most 100 characters.');
  if (field === 'callback') {
    throw new ProblemError('invalid_request', 'callback must be an object with url and, if you like, data.');
  }
  if (field === SONG_FIELD) throw new ProblemError('invalid_request', `${SONG_FIELD} must be base64 text.`);
  throw new ProblemError('invalid_request', `Send a JSON object with "${SONG_FIELD}".`);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw malformed(`The body is not valid JSON${error instanceof Error ? `: ${error.message}` : ''}.`);
  }
}

/** @throws ProblemError invalid_url or invalid_request */
function wantedCallback({ url, data = {} }: { readonly url: string; readonly data?: unknown }): StoredCallback {
  const target = outboundUrl(url);
  if (target === undefined) throw invalidUrl();
  return { url: target.href, body: callbackBody(data) };
}

function callbackBody(data: unknown): string {
  const body = written(data);
  if (Buffer.byteLength(body) <= MAX_CALLBACK_BYTES) return body;
  throw new ProblemError(
    'invalid_request',
    `callback.data has more than ${MAX_CALLBACK_BYTES} bytes. Send less of it.`,
  );
}

function written(data: unknown): string {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    // it reads deeper nesting than it writes
    if (!(cause instanceof RangeError)) throw cause;
    throw new ProblemError('invalid_request', 'callback.data is nested too deeply. Send it flatter.', { cause });
  }
}
