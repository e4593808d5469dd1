import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode } from './error-code.js';
import type { Child } from './spawn-group.js';

/**
 * Pipes the source into the child. If the child stops reading, destroys the source and resolves.
 * @throws the source's error, also if it ends early: the child must not mistake a part for the whole.
 */
export async function feed(source: Readable | undefined, child: Child, signal: AbortSignal): Promise<void> {
  if (source === undefined || child.stdin === null) return;
  try {
    await pipeline(source, child.stdin, { signal });
  } catch (error) {
    if (!hasEnded(child) && !isBrokenPipe(error)) throw error;
  }
}

/**
 * Reads the child's output until it ends or the signal aborts. Without a sink, discards it.
 * @throws the sink's error.
 */
export async function drain(
  output: Readable | Writable | null | undefined,
  sink: Writable | number | ((chunk: Buffer) => void) | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (!(output instanceof Readable)) return;
  if (sink instanceof Writable) return pipeline(output, sink, { signal });
  for await (const chunk of output) if (typeof sink === 'function') sink(chunk as Buffer);
}

function hasEnded(child: Child): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function isBrokenPipe(error: unknown): boolean {
  return ['EPIPE', 'ECONNRESET'].includes(errorCode(error) ?? '');
}
