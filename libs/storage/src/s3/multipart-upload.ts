import type { Readable } from 'node:stream';
import { StorageUnavailableError } from '../storage.errors.js';
import { ObjectDigest } from './object-digest.js';
import type { S3Confirmation } from './s3-confirmation.js';
import { sendBytes, sendCompletion } from './s3-send.js';
import { LIMIT_MS, type S3CallOptions, type S3Calls } from './s3-calls.js';

const ABORT_WITHIN_MS = 2000;

interface UploadedPart {
  readonly etag: string;
  /** base64; absent where the store takes no checksums */
  readonly sha256?: string;
}

/** Puts one part of an upload; `partNumber` counts from 1. */
type PutPart = (uploadId: string, partNumber: number) => Promise<UploadedPart>;

/**
 * Uploads one object in parts. The client's own putObject hangs if its source fails, and resumes the wrong upload:
 * https://github.com/minio/minio-js/issues/1151
 */
export class MultipartUpload {
  readonly digest: ObjectDigest;
  readonly #parts: UploadedPart[] = [];
  #uploadId: string | undefined;
  #sendsSha256 = false;

  constructor(
    private readonly calls: S3Calls,
    private readonly confirmation: S3Confirmation,
    private readonly key: string,
    private readonly options: S3CallOptions,
  ) {
    this.digest = new ObjectDigest(confirmation.needsMd5);
  }

  /** The bytes may change after the call. */
  async addBytes(bytes: Buffer): Promise<void> {
    const digest = this.digest.add(bytes);
    const { calls, key } = this;
    // without the caller's signal: an upload without its id could not be aborted
    this.#uploadId ??= await this.confirmation.withChecksums((sendsSha256) => {
      this.#sendsSha256 = sendsSha256;
      return this.#initiate(sendsSha256 ? { 'x-amz-checksum-algorithm': 'SHA256' } : {});
    });
    const checksum: { sha256?: string } = this.#sendsSha256 ? { sha256: digest.base64 } : {};
    const headers = this.#sendsSha256 ? { 'x-amz-checksum-sha256': digest.base64 } : {};
    await this.#add(async (uploadId, partNumber) => {
      const query = `uploadId=${encodeURIComponent(uploadId)}&partNumber=${partNumber}`;
      const etag = await calls.run(
        (client) =>
          sendBytes(client, { bucket: calls.bucket, key, query, headers, bytes, digest, isSigned: calls.signsBodies }),
        { ...this.options, limitMs: LIMIT_MS.part },
      );
      return { etag: etag ?? '', ...checksum };
    });
  }

  /** `start` and `end` are both included */
  async addCopy(from: string, start: number, end: number): Promise<void> {
    const { bucket } = this.calls;
    const headers = {
      'x-amz-copy-source': `/${bucket}/${from}`,
      'x-amz-copy-source-range': `bytes=${start}-${end}`,
    };
    this.#uploadId ??= await this.#initiate({});
    await this.#add(async (uploadId, partNumber) => {
      const part = { bucketName: bucket, objectName: this.key, uploadID: encodeURIComponent(uploadId), partNumber };
      const { etag } = await this.calls.run((client) => client.uploadPart({ ...part, headers }, Buffer.alloc(0)), {
        ...this.options,
        limitMs: LIMIT_MS.copy,
      });
      return { etag };
    });
  }

  /** @returns the ETag that the store answered */
  async complete(): Promise<string | undefined> {
    const uploadId = this.#uploadId;
    if (uploadId === undefined) throw new TypeError('a multipart upload needs at least one part');
    this.options.signal?.throwIfAborted();
    const target = { bucket: this.calls.bucket, key: this.key, uploadId };
    // the point of no return: after an abort from here on, the object may or may not exist
    return this.calls.run((client) => sendCompletion(client, target, this.#parts), { limitMs: LIMIT_MS.copy });
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

  #initiate(headers: Readonly<Record<string, string>>): Promise<string> {
    return this.calls.run((client) => client.initiateNewMultipartUpload(this.calls.bucket, this.key, { ...headers }));
  }

  async #add(putPart: PutPart): Promise<void> {
    if (this.#uploadId === undefined) throw new TypeError('the upload has not begun');
    this.#parts.push(await putPart(this.#uploadId, this.#parts.length + 1));
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
