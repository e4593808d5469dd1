import { Worker } from 'node:worker_threads';
import type { ThreadAnswer, ThreadTask, ThreadTools } from './thread-work.js';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread. It keeps the process alive only while it has work. */
export class FileThread {
  private readonly worker = new Worker(`(${serve.toString()})()`, { eval: true, env: {}, execArgv: [] });
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
    this.worker.on('exit', () => {
      this.end(new Error('the thread has ended'));
    });
  }

  get pending(): number {
    return this.waiting.size;
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** @param source of a `ThreadWork` */
  run(source: string, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const task: ThreadTask = { id: (this.last += 1), source, input };
      this.waiting.set(task.id, { resolve, reject });
      this.worker.ref();
      this.worker.postMessage(task);
    });
  }

  private settle(answer: ThreadAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (this.waiting.size === 0) this.worker.unref();
    if ('output' in answer) waiting?.resolve(answer.output);
    else waiting?.reject(Object.assign(new Error(answer.failure.message), answer.failure));
  }

  private end(cause: unknown): void {
    this.ended = true;
    const error = new Error('the thread has ended', { cause });
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/** Runs from its source text in the thread, so it must not use anything outside itself. */
function serve(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const tools: ThreadTools = {
    crypto: process.getBuiltinModule('node:crypto'),
    fs: process.getBuiltinModule('node:fs'),
  };
  const known = new Map<string, (input: unknown, tools: ThreadTools) => unknown>();
  const workOf = (source: string): ((input: unknown, tools: ThreadTools) => unknown) => {
    // our own functions only; compiled once, so that they become fast
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    const work = known.get(source) ?? (new Function(`return (${source})`)() as (input: unknown) => unknown);
    known.set(source, work);
    return work;
  };
  parentPort?.on('message', ({ id, source, input }: ThreadTask) => {
    let answer: ThreadAnswer;
    try {
      answer = { id, output: workOf(source)(input, tools) };
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      answer = { id, failure: { message, ...(code !== undefined && { code }) } };
    }
    parentPort.postMessage(answer);
  });
}
