import { Transform, pipeline, type Readable } from 'node:stream';
import { StorageUnavailableError } from './storage.errors.js';

/**
 * Passes on an object whose length is known. Fails with StorageUnavailableError at the end of one with another length: a
 * store may cut an answer off and call it complete.
 */
export function ofLength(bytes: number, source: Readable): Readable {
  let received = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(received === bytes ? null : new StorageUnavailableError(`it sent ${received} of ${bytes} bytes`));
    },
  });
  // the reader gets the error
  return pipeline(source, measured, () => undefined);
}
