import type { Readable } from 'node:stream';
import { StorageUnavailableError } from '../storage.errors.js';
import { LIMIT_MS, type S3CallOptions, type S3Calls } from './s3-calls.js';

const ABORT_WITHIN_MS = 2000;

interface UploadedPart {
  readonly part: number;
  readonly etag: string;
}

/** Puts one part of an upload; `partNumber` counts from 1. */
type PutPart = (uploadId: string, partNumber: number) => Promise<string>;

/**
 * Uploads one object in parts. The client's own putObject hangs if its source fails, and resumes the wrong upload:
 * https://github.com/minio/minio-js/issues/1151
 */
export class MultipartUpload {
  readonly #parts: UploadedPart[] = [];
  #uploadId: string | undefined;

  constructor(
    private readonly calls: S3Calls,
    private readonly key: string,
    private readonly options: S3CallOptions,
  ) {}

  async add(putPart: PutPart): Promise<void> {
    // without the caller's signal: an upload without its id could not be aborted
    this.#uploadId ??= await this.calls.run((client) =>
      client.initiateNewMultipartUpload(this.calls.bucket, this.key, {}),
    );
    const part = this.#parts.length + 1;
    const etag = await putPart(this.#uploadId, part);
    this.#parts.push({ part, etag });
  }

  addBytes(bytes: Buffer): Promise<void> {
    return this.add((uploadId, partNumber) => this.#put(uploadId, partNumber, {}, bytes));
  }

  /** `start` and `end` are both included */
  addCopy(from: string, start: number, end: number): Promise<void> {
    const headers = {
      'x-amz-copy-source': `/${this.calls.bucket}/${from}`,
      'x-amz-copy-source-range': `bytes=${start}-${end}`,
    };
    return this.add((uploadId, partNumber) => this.#put(uploadId, partNumber, headers, Buffer.alloc(0)));
  }

  async complete(): Promise<void> {
    const uploadId = this.#uploadId;
    if (uploadId === undefined) throw new TypeError('a multipart upload needs at least one part');
    this.options.signal?.throwIfAborted();
    // the point of no return: after an abort from here on, the object may or may not exist
    await this.calls.run(
      (client) => client.completeMultipartUpload(this.calls.bucket, this.key, uploadId, this.#parts),
      { limitMs: LIMIT_MS.copy },
    );
  }

  /**
   * Aborts the upload. Never throws, and does not wait for an unreachable store: the caller must learn of the failure
   * soon, and the sweep removes the upload later.
   */
  async abort(because: unknown): Promise<void> {
    const uploadId = this.#uploadId;
    if (uploadId === undefined) return;
    const ended = this.calls
      .run((client) => client.abortMultipartUpload(this.calls.bucket, this.key, encodeURIComponent(uploadId)), {
        limitMs: ABORT_WITHIN_MS,
      })
      .catch(() => undefined);
    if (!(because instanceof StorageUnavailableError)) await ended;
  }

  async #put(uploadId: string, partNumber: number, headers: Record<string, string>, body: Buffer): Promise<string> {
    const { bucket } = this.calls;
    const target = { bucketName: bucket, objectName: this.key, uploadID: encodeURIComponent(uploadId), partNumber };
    const { etag } = await this.calls.run((client) => client.uploadPart({ ...target, headers }, body), {
      ...this.options,
      limitMs: headers['x-amz-copy-source'] === undefined ? LIMIT_MS.part : LIMIT_MS.copy,
    });
    return etag;
  }
}

/**
 * Splits the source into pieces of `size` bytes; the last may be shorter, even empty.
 * All pieces share one buffer to bound memory: use a piece before you ask for the next.
 */
export async function* inPieces(source: Readable, size: number): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
  const piece = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const read of source as AsyncIterable<Buffer | string>) {
    const chunk = typeof read === 'string' ? Buffer.from(read) : read;
    for (let taken = 0; taken < chunk.length;) {
      // another byte follows, so this piece is not the last
      if (filled === size) {
        yield { bytes: piece, last: false };
        filled = 0;
      }
      const copied = chunk.copy(piece, filled, taken);
      filled += copied;
      taken += copied;
    }
  }
  yield { bytes: piece.subarray(0, filled), last: true };
}
