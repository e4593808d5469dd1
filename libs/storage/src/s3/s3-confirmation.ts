import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { errorCode } from '@app/processes';
import { NotKeptError } from '../storage.errors.js';
import type { ObjectDigest } from './object-digest.js';
import { headObject } from './s3-head.js';
import type { S3CallOptions, S3Calls } from './s3-calls.js';

const ATTEMPTS = 3;
const PAUSE_MS = 200;

/** how a store that knows no checksum headers refuses them */
const REFUSALS = ['NotImplemented', 'InvalidArgument', 'InvalidRequest', 'MalformedXML'];

/** What was sent, and what the store answered. */
export interface SentObject {
  readonly key: string;
  readonly digest: ObjectDigest;
  readonly sent: 'whole' | 'in parts';
  /** from the answer to the last request */
  readonly etag: string | undefined;
}

/**
 * Asks the store for each object after it was put. A store may answer 200 and keep nothing, less or something else.
 * Compares the length, and the sha256 where the store tells one. Falls back to its MD5 or its ETag, and says so once.
 */
export class S3Confirmation {
  private readonly logger = new Logger('storage');
  private takesSha256 = true;
  private tellsSha256 = true;

  constructor(private readonly calls: S3Calls) {}

  /** whether to send checksums */
  get sendsSha256(): boolean {
    return this.takesSha256;
  }

  /** whether ETags must be compared with MD5 sums */
  get needsMd5(): boolean {
    return !this.tellsSha256;
  }

  /** Runs a request with checksum headers, and without them from now on if the store refuses them. */
  async withChecksums<T>(request: (sendsSha256: boolean) => Promise<T>): Promise<T> {
    if (!this.takesSha256) return request(false);
    try {
      return await request(true);
    } catch (error) {
      if (!(error instanceof Error) || !REFUSALS.includes(errorCode(error.cause) ?? '')) throw error;
      const answer = await request(false);
      this.takesSha256 = false;
      this.fallBack('takes no checksums');
      return answer;
    }
  }

  /** @throws NotKeptError if the object is missing or not as it was sent */
  async confirm({ key, digest, sent, etag }: SentObject, options: S3CallOptions): Promise<void> {
    const head = await headObject(this.calls, key, options);
    if (head === undefined) throw new NotKeptError('it is missing');
    if (head.bytes !== digest.bytes) throw new NotKeptError(`it has ${head.bytes} of ${digest.bytes} bytes`);
    if (head.sha256 !== undefined) {
      if (!digest.hasSha256(head.sha256)) throw new NotKeptError('it has another sha256');
      return;
    }
    if (head.etag !== undefined && head.etag === digest.md5(sent)) return;
    if (head.etag !== etag) throw new NotKeptError('it has another ETag');
    this.fallBack('tells no sha256');
  }

  private fallBack(reason: string): void {
    if (!this.tellsSha256) return;
    this.tellsSha256 = false;
    this.logger.warn(`the store ${reason}: objects are confirmed by length, and by ETag where it is an MD5 sum`);
  }
}

/** Puts an object again that the store did not keep, within bounds. */
export async function untilKept<T>(put: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await put();
    } catch (error) {
      if (!(error instanceof NotKeptError) || attempt === ATTEMPTS) throw error;
      await pause(PAUSE_MS * attempt, undefined, { signal }).catch(() => undefined);
      signal?.throwIfAborted();
    }
  }
}
