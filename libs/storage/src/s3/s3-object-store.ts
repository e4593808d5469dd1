import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { errorCode } from '@app/processes';
import { checkKey, checkListPrefix, checkPrefix } from '../object-key.js';
import { ObjectStore, type ByteRange, type CallOptions, type ObjectInfo } from '../object-store.js';
import { readDocument } from '../small-document.js';
import { withSource } from '../source.js';
import { InvalidRangeError, NotKeptError, ObjectNotFoundError } from '../storage.errors.js';
import { inPieces, MultipartUpload } from './multipart-upload.js';
import { ObjectDigest } from './object-digest.js';
import { s3Body } from './s3-body.js';
import { LIMIT_MS, type S3Calls } from './s3-calls.js';
import { S3Confirmation, untilKept } from './s3-confirmation.js';
import { asStorageError, isMissingObject } from './s3-failure.js';
import { headObject } from './s3-head.js';
import { listPages, listUnfinishedUploads } from './s3-listing.js';
import { sendBytes } from './s3-send.js';

const MIB = 1024 * 1024;
const PING_KEY = 'ping';

export interface S3Sizes {
  readonly partBytes: number;
  /** S3 copies larger objects only in parts */
  readonly maxSingleCopyBytes: number;
  readonly copyPartBytes: number;
  /** names per list response and keys per removal; at most 1000 */
  readonly pageSize: number;
}

const SIZES: S3Sizes = {
  partBytes: 8 * MIB,
  maxSingleCopyBytes: 5 * 1024 * MIB,
  copyPartBytes: 1024 * MIB,
  pageSize: 1000,
};

/** Stores objects in a bucket of an S3 server, and creates the bucket if it is missing. */
export class S3ObjectStore extends ObjectStore {
  readonly #confirmation: S3Confirmation;

  constructor(
    private readonly calls: S3Calls,
    private readonly closeConnections: () => void,
    private readonly sizes: S3Sizes = SIZES,
  ) {
    super();
    this.#confirmation = new S3Confirmation(calls);
  }

  put(key: string, source: Readable, options: CallOptions = {}): Promise<ObjectInfo> {
    return withSource(source, async () => {
      checkKey(key);
      options.signal?.throwIfAborted();
      if (options.signal !== undefined) addAbortSignal(options.signal, source);
      const upload = new MultipartUpload(this.calls, this.#confirmation, key, options);
      try {
        let bytes = 0;
        for await (const piece of inPieces(source, this.sizes.partBytes)) {
          if (piece.last && bytes === 0) await this.#putWhole(key, piece.bytes, options);
          else await upload.addBytes(piece.bytes);
          if (piece.last && bytes > 0) {
            const { digest } = upload;
            await this.#confirmation.confirm({ key, digest, sent: 'in parts', etag: await upload.complete() }, options);
          }
          bytes += piece.bytes.length;
        }
        return { key, bytes, modifiedAt: new Date() };
      } catch (error) {
        await upload.abort(error);
        options.signal?.throwIfAborted();
        throw error;
      }
    });
  }

  putFile(key: string, path: string, options: CallOptions = {}): Promise<ObjectInfo> {
    return untilKept(() => this.put(key, createReadStream(path, { highWaterMark: MIB }), options), options.signal);
  }

  async putText(key: string, text: string, options: CallOptions = {}): Promise<void> {
    checkKey(key);
    await untilKept(() => this.#putWhole(key, Buffer.from(text, 'utf8'), options), options.signal);
  }

  async get(key: string, options: CallOptions & { readonly range?: ByteRange } = {}): Promise<Readable> {
    checkKey(key);
    const { range } = options;
    if (range !== undefined && !(range.start >= 0 && range.start <= range.end)) throw new InvalidRangeError(key);
    const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` };
    const request = { method: 'GET', bucketName: this.calls.bucket, objectName: key, headers };
    try {
      const expected = [range === undefined ? 200 : 206];
      const response = await this.calls.run((client) => client.makeRequestAsync(request, '', expected), options);
      return s3Body(response, this.calls.liveness, options.signal);
    } catch (error) {
      if (isMissingObject(error)) throw new ObjectNotFoundError(key);
      if (error instanceof Error && errorCode(error.cause) === 'InvalidRange') throw new InvalidRangeError(key);
      throw error;
    }
  }

  async getText(key: string, options: CallOptions = {}): Promise<string | undefined> {
    try {
      return await readDocument(key, await this.get(key, options));
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const found = await headObject(this.calls, key, options);
    return found && { key, bytes: found.bytes, modifiedAt: found.modifiedAt };
  }

  async copy(from: string, to: string, options: CallOptions = {}): Promise<void> {
    checkKey(to);
    const source = await this.head(from, options);
    if (source === undefined) throw new ObjectNotFoundError(from);
    await untilKept(async () => {
      if (source.bytes > this.sizes.maxSingleCopyBytes) await this.#copyInParts(source, to, options);
      else await this.#copyWhole(from, to, options);
      const copy = await this.head(to, options);
      if (copy?.bytes !== source.bytes)
        throw new NotKeptError(`a copy has ${copy?.bytes ?? 0} of ${source.bytes} bytes`);
    }, options.signal);
  }

  async remove(key: string, options: CallOptions = {}): Promise<void> {
    checkKey(key);
    await this.calls.run((client) => client.removeObject(this.calls.bucket, key), options);
  }

  async removeAll(prefix: string, options: CallOptions = {}): Promise<void> {
    checkPrefix(prefix);
    for await (const page of listPages(this.calls, { prefix, recursive: true, size: this.sizes.pageSize }, options)) {
      const keys = page.objects.map(({ key }) => key);
      if (keys.length === 0) continue;
      const failed = await this.calls.run((client) => client.removeObjects(this.calls.bucket, keys), options);
      if (failed.length > 0) throw asStorageError(new Error(`${failed.length} objects could not be removed`));
    }
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<ObjectInfo> {
    checkListPrefix(prefix);
    for await (const page of listPages(this.calls, { prefix, recursive: true, size: this.sizes.pageSize }, options)) {
      yield* page.objects;
    }
  }

  async *listFolders(prefix: string, options: CallOptions = {}): AsyncGenerator<string> {
    checkListPrefix(prefix);
    for await (const page of listPages(this.calls, { prefix, recursive: false, size: this.sizes.pageSize }, options)) {
      yield* page.folders;
    }
  }

  async sweepUnfinished(olderThanMs: number, options: CallOptions = {}): Promise<number> {
    let swept = 0;
    for await (const upload of listUnfinishedUploads(this.calls, options)) {
      if (upload.initiated.getTime() > Date.now() - olderThanMs) continue;
      await this.calls.run(
        (client) => client.abortMultipartUpload(this.calls.bucket, upload.key, encodeURIComponent(upload.uploadId)),
        options,
      );
      swept += 1;
    }
    return swept;
  }

  /**
   * Starts and aborts an upload: this needs write permission but creates neither an object nor a version.
   * A store with slow disks takes seconds for it and is well; the caller decides how long it waits.
   */
  async ping(options: CallOptions = {}): Promise<void> {
    const { bucket } = this.calls;
    await this.#confirmation.withChecksums((sendsSha256) => {
      const headers: Record<string, string> = sendsSha256 ? { 'x-amz-checksum-algorithm': 'SHA256' } : {};
      return this.calls.run(async (client) => {
        const uploadId = await client.initiateNewMultipartUpload(bucket, PING_KEY, headers);
        await client.abortMultipartUpload(bucket, PING_KEY, encodeURIComponent(uploadId));
      }, options);
    });
  }

  close(): Promise<void> {
    this.closeConnections();
    return Promise.resolve();
  }

  async #putWhole(key: string, bytes: Buffer, options: CallOptions): Promise<void> {
    const { calls } = this;
    const all = new ObjectDigest(this.#confirmation.needsMd5);
    const digest = all.add(bytes);
    const etag = await this.#confirmation.withChecksums((sendsSha256) => {
      const headers: Record<string, string> = sendsSha256 ? { 'x-amz-checksum-sha256': digest.base64 } : {};
      const sent = { bucket: calls.bucket, key, headers, bytes, digest, isSigned: calls.signsBodies };
      return calls.run((client) => sendBytes(client, sent), { ...options, limitMs: LIMIT_MS.part });
    });
    await this.#confirmation.confirm({ key, digest: all, sent: 'whole', etag }, options);
  }

  async #copyWhole(from: string, to: string, options: CallOptions): Promise<void> {
    const { bucket } = this.calls;
    try {
      await this.calls.run((client) => client.copyObject(bucket, to, `/${bucket}/${from}`), {
        ...options,
        limitMs: LIMIT_MS.copy,
      });
    } catch (error) {
      if (isMissingObject(error)) throw new ObjectNotFoundError(from);
      throw error;
    }
  }

  async #copyInParts(source: ObjectInfo, to: string, options: CallOptions): Promise<void> {
    const upload = new MultipartUpload(this.calls, this.#confirmation, to, options);
    const { copyPartBytes } = this.sizes;
    try {
      for (let start = 0; start < source.bytes; start += copyPartBytes) {
        await upload.addCopy(source.key, start, Math.min(start + copyPartBytes, source.bytes) - 1);
      }
      await upload.complete();
    } catch (error) {
      await upload.abort(error);
      throw error;
    }
  }
}
