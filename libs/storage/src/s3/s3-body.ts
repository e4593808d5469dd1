import { addAbortSignal, PassThrough, pipeline, type Readable } from 'node:stream';
import type { LivenessProbe } from './liveness-probe.js';
import { asStorageError } from './s3-failure.js';

/** The body of a response. Turns connection errors into StorageUnavailableError. */
class S3Body extends PassThrough {
  constructor(private readonly signal: AbortSignal | undefined) {
    super();
    // the store may fail before the caller reads; the caller gets the error then
    this.on('error', () => undefined);
  }

  override destroy(error?: Error | null): this {
    const foreign = error !== undefined && error !== null && this.signal?.aborted !== true;
    return super.destroy(foreign ? asStorageError(error) : (error ?? undefined));
  }
}

/** Streams a response until it ends, the signal aborts, or the store stops answering. */
export function s3Body(response: Readable, liveness: LivenessProbe, signal: AbortSignal | undefined): Readable {
  const body = new S3Body(signal);
  const endWatch = liveness.watch((error) => body.destroy(error));
  pipeline(response, body, endWatch);
  return signal === undefined ? body : addAbortSignal(signal, body);
}
