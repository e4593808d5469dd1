import { queueUnavailable, storageUnavailable } from '../problems/outages.js';
import { within } from './within.js';

/** two of them in a row, and the answer of their absence still comes within 2 s, also on a busy machine */
const OUTSIDE_MS = 700;

/** One short call to the object store: 503 where it does not answer. */
export function fromStore<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return within(OUTSIDE_MS, storageUnavailable, call);
}

/** One short call to Redis: 503 where it does not answer. */
export function fromQueue<T>(call: () => Promise<T>): Promise<T> {
  return within(OUTSIDE_MS, queueUnavailable, call);
}
