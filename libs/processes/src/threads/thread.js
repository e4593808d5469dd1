// @ts-check
// the program of a thread: runs the work of each task, and answers each
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { parentPort } from 'node:worker_threads';

/** @param {import('./thread-work.js').ThreadTask} task */
async function run({ id, module, input, abandoned }) {
  const throwIfAbandoned = () => {
    if (Atomics.load(abandoned, 0) !== 0) throw new Error('nobody waits for this work');
  };
  const giveWay = async () => {
    await setImmediate();
    throwIfAbandoned();
  };
  try {
    const { default: work } = await import(module);
    throwIfAbandoned();
    const output = await work(input, giveWay);
    // throws if the output cannot be cloned
    answer({ id, output });
  } catch (error) {
    answer({ id, failure: failureOf(error) });
  }
}

/** @param {import('./thread-work.js').ThreadAnswer} message */
function answer(message) {
  parentPort?.postMessage(message);
}

/** @param {unknown} thrown */
function failureOf(thrown) {
  /** @type {NodeJS.ErrnoException} */
  const error = thrown instanceof Error ? thrown : new Error(`the work threw ${inspect(thrown)}, which is no error`);
  const { name, message, stack, code } = error;
  return { name, message, stack, ...(typeof code === 'string' && { code }) };
}

parentPort?.on('message', run);
