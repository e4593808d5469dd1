import { describe, expect, it } from '@jest/globals';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { runInThread } from './run-in-thread.js';
import type { GiveWay, ThreadWork } from './thread-work.js';

/** @param work runs from its source text here, so it must not use anything outside itself */
function inThread<Work extends ThreadWork>(
  work: Work,
  input: Parameters<Work>[0],
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<Work>>> {
  const source = encodeURIComponent(`export default ${work.toString()}`);
  return runInThread<Work>(new URL(`data:text/javascript,${source}`), input, signal);
}

const square = (one: number): number => one * one;
const waitForFlag = (flag: Int32Array): void => void Atomics.wait(flag, 0, 0);
const raiseFlag = (flag: Int32Array): number => Atomics.add(flag, 0, 1);
const neverEnd = async (_: number, giveWay: GiveWay): Promise<never> => {
  for (;;) await giveWay();
};

const makeFlag = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));
/** at least one piece of work for each thread */
const inEachThread = <T>(start: () => Promise<T>): Promise<T>[] =>
  Array.from({ length: availableParallelism() }, start);

describe(runInThread.name, () => {
  it('gives each piece of work its own result', async () => {
    const inputs = Array.from({ length: 50 }, (_, at) => at);
    const squares = inputs.map((input) => inThread(square, input));
    expect(await Promise.all(squares)).toEqual(inputs.map((input) => input * input));
  });

  it('leaves the event loop free', async () => {
    const flag = makeFlag();
    const work = inThread(waitForFlag, flag);
    await setImmediate();
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await work;
  });

  it('throws the failure with its name, message, stack and code', async () => {
    const read = (path: string): number => process.getBuiltinModule('node:fs').readFileSync(path).length;
    await expect(inThread(read, '/does/not/exist')).rejects.toMatchObject({
      name: 'Error',
      message: "ENOENT: no such file or directory, open '/does/not/exist'",
      code: 'ENOENT',
    });
    const fail = (): never => {
      throw new RangeError('too long');
    };
    await expect(inThread(fail, undefined as never)).rejects.toMatchObject({
      name: 'RangeError',
      message: 'too long',
      stack: expect.stringMatching(/^RangeError: too long\n +at .*data:text/) as unknown,
    });
  });

  it('throws the reason of the signal, without waiting for the work', async () => {
    const abort = new AbortController();
    const flag = makeFlag();
    const blocking = inEachThread(() => inThread(waitForFlag, flag, abort.signal));
    abort.abort(new Error('canceled'));
    for (const work of blocking) await expect(work).rejects.toThrow('canceled');
    await expect(inThread(square, 1, abort.signal)).rejects.toThrow('canceled');
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });

  it('drops work that has not begun when its signal aborts', async () => {
    const abort = new AbortController();
    const flag = makeFlag();
    const count = makeFlag();
    const blocking = inEachThread(() => inThread(waitForFlag, flag));
    const queued = inEachThread(() => inThread(raiseFlag, count, abort.signal));
    abort.abort(new Error('canceled'));
    for (const work of queued) await expect(work).rejects.toThrow('canceled');
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await Promise.all([...blocking, ...inEachThread(() => inThread(square, 1))]);
    expect(Atomics.load(count, 0)).toBe(0);
  });

  it('runs other work beside work that gives way, and ends that when its signal aborts', async () => {
    const abort = new AbortController();
    const long = inEachThread(() => inThread(neverEnd, 0, abort.signal));
    expect(await inThread(square, 3)).toBe(9);
    abort.abort(new Error('canceled'));
    for (const work of long) await expect(work).rejects.toThrow('canceled');
  });

  it('fails the work of a thread that ends with the cause, and goes on with another', async () => {
    const exit = (): never => process.exit(3);
    await expect(inThread(exit, undefined as never)).rejects.toThrow('the thread has ended: exit code 3');
    const crash = (): Promise<never> => {
      globalThis.setImmediate(() => {
        throw new Error('a fault');
      });
      return new Promise(() => undefined);
    };
    await expect(inThread(crash, undefined as never)).rejects.toThrow('the thread has ended: a fault');
    expect(await inThread(square, 1)).toBe(1);
  });

  it.each<[string, ThreadWork, unknown, string]>([
    ['takes an input that cannot be cloned', square, () => 1, 'could not be cloned'],
    ['gives an output that cannot be cloned', () => () => 1, 1, 'could not be cloned'],
    [
      'throws something that is no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw null;
      },
      1,
      'the work threw null, which is no error',
    ],
  ])('fails only the work that %s', async (_, work, input, message) => {
    const flag = makeFlag();
    const blocking = inEachThread(() => inThread(waitForFlag, flag));
    const bad = inThread(work, input as never);
    const good = inEachThread(() => inThread(square, 2));
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await expect(bad).rejects.toThrow(message);
    expect(new Set(await Promise.all(good))).toEqual(new Set([4]));
    await Promise.all(blocking);
  });
});
