import type { Readable } from 'node:stream';

/**
 * Runs the work on a source. An error that the source raises before the work reads from it does not end the process
 * (whoever reads on gets it), and the source is destroyed when the work ends, whatever happened.
 */
export async function withSource<T>(source: Readable, work: () => Promise<T>): Promise<T> {
  source.on('error', () => undefined);
  try {
    return await work();
  } finally {
    source.destroy();
  }
}
