import { availableParallelism } from 'node:os';
import { FileThread } from './file-thread.js';
import type { ThreadWork } from './thread-work.js';

/** one keeps up with the files of eight cores */
const THREADS = Math.ceil(availableParallelism() / 8);

const threads: FileThread[] = [];

/**
 * Reads files and computes away from the event loop, in one of a few threads that the whole process shares. An abort does
 * not wait for the work, and drops it if it has not begun.
 * @param module its default export is the work: either short, or gives way, because other work waits for it
 * @param input to be cloned, as is the output
 * @throws what the work throws, as an Error with its name, message, stack and code, or the signal's reason
 */
export async function runInThread<Work extends ThreadWork>(
  module: URL,
  input: Parameters<Work>[0],
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<Work>>> {
  signal?.throwIfAborted();
  return (await leastBusy().run(module, input, signal)) as Awaited<ReturnType<Work>>;
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
