import { ConfigError } from './config.error.js';
import type { QueueOfModels } from './variable.js';

/** @throws ConfigError if no song would ever come to the worker */
export function requireKnownQueue(queue: string, known: readonly QueueOfModels[]): void {
  const names = known.map(({ name }) => name);
  if (names.includes(queue)) return;
  throw new ConfigError([
    `QUEUE is ${queue}, but MODEL_QUEUES has only ${names.join(', ')}. Set QUEUE to one of them.`,
  ]);
}
