import type * as Minio from 'minio';
import { errorCode } from '@app/processes';
import { StorageUnavailableError } from '../storage.errors.js';
import { LivenessProbe } from './liveness-probe.js';
import { asStorageError, isMissingObject } from './s3-failure.js';
import type { S3Transport } from './s3-transport.js';

/** longest call while the store still answers, ms */
export const LIMIT_MS = { light: 20_000, part: 120_000, copy: 900_000 } as const;

export interface S3CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limitMs?: number;
}

type Call<T> = (client: Minio.Client) => Promise<T>;

/** Runs a MinIO client's calls on a bucket, with time-outs, signals and the errors of ObjectStore. */
export class S3Calls {
  readonly liveness: LivenessProbe;
  #bucketMade: Promise<void> | undefined;

  constructor(
    private readonly client: Minio.Client,
    private readonly transport: S3Transport,
    readonly bucket: string,
    private readonly region: string,
  ) {
    this.liveness = new LivenessProbe((signal) => transport.ping(signal));
  }

  /** whether signatures cover the bodies of requests: over TLS they need not */
  get signsBodies(): boolean {
    return !this.transport.isEncrypted;
  }

  /**
   * @throws the signal's reason when it aborts, the client's error if the object is missing,
   * StorageUnavailableError for all other failures of the store
   */
  async run<T>(call: Call<T>, options: S3CallOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    await this.#makeBucket();
    try {
      return await this.#limited(call, options);
    } catch (error) {
      // it was removed: the next call creates it again
      if (errorCode(error) === 'NoSuchBucket') this.#bucketMade = undefined;
      throw isMissingObject(error) || options.signal?.aborted === true ? error : asStorageError(error);
    }
  }

  async #limited<T>(call: Call<T>, { signal, limitMs = LIMIT_MS.light }: S3CallOptions): Promise<T> {
    const own = new AbortController();
    const fail = (error: StorageUnavailableError): void => {
      own.abort(error);
    };
    const timer = setTimeout(
      fail,
      limitMs,
      new StorageUnavailableError(`the call took longer than ${limitMs / 1000} s`),
    );
    const endWatch = this.liveness.watch(fail);
    try {
      const either = signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]);
      return await this.transport.run(either, () => call(this.client));
    } catch (error) {
      signal?.throwIfAborted();
      own.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      endWatch();
    }
  }

  /** Once for all calls, and again after a failure. Another process may create the bucket at the same time. */
  #makeBucket(): Promise<void> {
    const make = (): Promise<void> => this.#limited((client) => makeBucket(client, this.bucket, this.region), {});
    this.#bucketMade ??= make().catch((error: unknown) => {
      this.#bucketMade = undefined;
      throw asStorageError(error);
    });
    return this.#bucketMade;
  }
}

async function makeBucket(client: Minio.Client, bucket: string, region: string): Promise<void> {
  if (await client.bucketExists(bucket)) return;
  try {
    await client.makeBucket(bucket, region);
  } catch (error) {
    if (!(await client.bucketExists(bucket))) throw error;
  }
}
