import { availableParallelism } from 'node:os';
import { FileThread } from './file-thread.js';
import type { ThreadWork } from './thread-work.js';

/** one keeps up with the files of eight cores */
const THREADS = Math.ceil(availableParallelism() / 8);

const threads: FileThread[] = [];

/**
 * Reads files and computes away from the event loop, in one of a few threads that the whole process shares.
 * @param work short: it cannot be interrupted, and other work waits for it
 * @throws what the work throws, as an Error with its message and code, or the signal's reason
 */
export async function runInThread<Input, Output>(
  work: ThreadWork<Input, Output>,
  input: Input,
  signal?: AbortSignal,
): Promise<Output> {
  signal?.throwIfAborted();
  const output = await leastBusy().run(work.toString(), input);
  signal?.throwIfAborted();
  return output as Output;
}

function leastBusy(): FileThread {
  const live = threads.filter(({ hasEnded }) => !hasEnded);
  threads.splice(0, threads.length, ...live);
  const idle = threads.find(({ pending }) => pending === 0);
  if (idle !== undefined) return idle;
  if (threads.length < THREADS) threads.push(new FileThread());
  const [first, ...others] = threads;
  if (first === undefined) throw new Error('there is no thread');
  return others.reduce((least, thread) => (thread.pending < least.pending ? thread : least), first);
}
