import type { Readable } from 'node:stream';

/**
 * Runs the work on a source and destroys the source at the end. An error that the source raises before the work
 * reads from it does not crash the process: the reader gets it.
 */
export async function withSource<T>(source: Readable, work: () => Promise<T>): Promise<T> {
  source.on('error', () => undefined);
  try {
    return await work();
  } finally {
    source.destroy();
  }
}
