import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { runInThread } from './run-in-thread.js';
import type { ThreadTools } from './thread-work.js';

describe(runInThread.name, () => {
  it('gives each piece of work its own result', async () => {
    const inputs = Array.from({ length: 50 }, (_, at) => at);
    const squares = inputs.map((input) => runInThread((one: number) => one * one, input));
    expect(await Promise.all(squares)).toEqual(inputs.map((input) => input * input));
  });

  it('leaves the event loop free', async () => {
    let hasEnded = false;
    const work = runInThread((milliseconds: number) => {
      const until = Date.now() + milliseconds;
      while (Date.now() < until);
    }, 300).then(() => {
      hasEnded = true;
    });
    await setImmediate();
    expect(hasEnded).toBe(false);
    await work;
  });

  it('throws with the message and the code of the failure', async () => {
    const read = (path: string, { fs }: ThreadTools): number => fs.readFileSync(path).length;
    await expect(runInThread(read, '/does/not/exist')).rejects.toMatchObject({
      message: "ENOENT: no such file or directory, open '/does/not/exist'",
      code: 'ENOENT',
    });
  });

  it('throws the reason of the signal', async () => {
    const abort = new AbortController();
    const work = runInThread((one: number) => one, 1, abort.signal);
    abort.abort(new Error('cancelled'));
    await expect(work).rejects.toThrow('cancelled');
    await expect(runInThread((one: number) => one, 1, abort.signal)).rejects.toThrow('cancelled');
  });

  it('fails the work of a thread that ends, and goes on with another', async () => {
    const end = (): never => process.exit();
    await expect(runInThread(end, undefined)).rejects.toThrow('the thread has ended');
    expect(await runInThread((one: number) => one, 1)).toBe(1);
  });
});
