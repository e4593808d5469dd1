import { Worker } from 'node:worker_threads';
// brings the program into the build
import type {} from './thread.js';
import type { ThreadAnswer, ThreadTask } from './thread-work.js';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread. It keeps the process alive only while it has work. */
export class FileThread {
  private readonly worker = new Worker(new URL('thread.js', import.meta.url), { env: {}, execArgv: [] });
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private ended = false;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (answer: ThreadAnswer) => {
      this.settle(answer);
    });
    this.worker.on('error', (error) => {
      this.end(error);
    });
    this.worker.on('exit', (code) => {
      this.end(new Error(`exit code ${code}`));
    });
  }

  /** Tasks that are in the thread, also those for which nobody waits. */
  get pending(): number {
    return this.waiting.size;
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** @throws what the work throws, the signal's reason at once, or DataCloneError for an input that cannot be cloned */
  async run(module: URL, input: unknown, signal?: AbortSignal): Promise<unknown> {
    const id = (this.last += 1);
    const abandoned = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const task: ThreadTask = { id, module: module.href, input, abandoned };
    this.worker.postMessage(task);
    this.worker.ref();
    let onAbort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        onAbort = (): void => {
          Atomics.store(abandoned, 0, 1);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', onAbort);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private settle(answer: ThreadAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (this.waiting.size === 0) this.worker.unref();
    if ('output' in answer) waiting?.resolve(answer.output);
    else waiting?.reject(Object.assign(new Error(answer.failure.message), answer.failure));
  }

  private end(cause: Error): void {
    this.ended = true;
    const error = new Error(`the thread has ended: ${cause.message}`, { cause });
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
