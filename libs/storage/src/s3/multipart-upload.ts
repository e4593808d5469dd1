import type { Readable } from 'node:stream';
import { StorageUnavailableError } from '../errors.js';
import { LIMIT_MS, type S3CallOptions, type S3Calls } from './s3-calls.js';

const ABORT_WITHIN_MS = 2000;

interface UploadedPart {
  readonly part: number;
  readonly etag: string;
}

/** Puts one part of an upload; `partNumber` counts from 1. */
type PutPart = (uploadId: string, partNumber: number) => Promise<string>;

/**
 * One object made of parts. The client's own putObject hangs when its source fails, and resumes the wrong upload:
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
    // not under the caller's signal: an upload whose id never arrives could not be ended
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

  /** `start` and `end` are both inclusive */
  addCopy(from: string, start: number, end: number): Promise<void> {
    const headers = {
      'x-amz-copy-source': `/${this.calls.bucket}/${from}`,
      'x-amz-copy-source-range': `bytes=${start}-${end}`,
    };
    return this.add((uploadId, partNumber) => this.#put(uploadId, partNumber, headers, Buffer.alloc(0)));
  }

  async complete(): Promise<void> {
    const uploadId = this.#uploadId;
    if (uploadId === undefined) throw new TypeError('an upload needs a part');
    this.options.signal?.throwIfAborted();
    // the point of no return: an abort from here on would not know whether the object is there
    await this.calls.run(
      (client) => client.completeMultipartUpload(this.calls.bucket, this.key, uploadId, this.#parts),
      { limitMs: LIMIT_MS.copy },
    );
  }

  /**
   * Ends the upload. Never throws, and does not wait for a store that is away: the caller must know soon,
   * and the sweep ends what is left.
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
 * The source in pieces of `size` bytes, the last one shorter, at least one.
 * All lie in one buffer, so that memory does not grow with the source: a piece must be used before the next is asked for.
 */
export async function* inPieces(source: Readable, size: number): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
  const piece = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const read of source as AsyncIterable<Buffer | string>) {
    const chunk = typeof read === 'string' ? Buffer.from(read) : read;
    for (let taken = 0; taken < chunk.length;) {
      // only now is it known that the piece is not the last one
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
