import { addAbortSignal, PassThrough, pipeline, type Readable } from 'node:stream';
import { asStorageError } from './s3-failure.js';
import type { StoreWatch } from './store-watch.js';

/** The body of an answer; what goes wrong with its connection is an error of the store. */
class S3Body extends PassThrough {
  constructor(private readonly signal: AbortSignal | undefined) {
    super();
    // the store may go before the caller begins to read, who gets the error then
    this.on('error', () => undefined);
  }

  override destroy(error?: Error | null): this {
    const foreign = error !== undefined && error !== null && this.signal?.aborted !== true;
    return super.destroy(foreign ? asStorageError(error) : (error ?? undefined));
  }
}

/** Ended by the signal, and when the store is gone; the socket is free when it is closed. */
export function s3Body(response: Readable, watch: StoreWatch, signal: AbortSignal | undefined): Readable {
  const body = new S3Body(signal);
  const endWatch = watch.watch((error) => body.destroy(error));
  pipeline(response, body, endWatch);
  return signal === undefined ? body : addAbortSignal(signal, body);
}
