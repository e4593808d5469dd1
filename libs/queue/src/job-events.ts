import type { SeparationId } from '@app/separations';
import type { RedisConnections } from './redis-connections.js';

/** Tells when a job changed: one reader of the queue's events for each process, fanned out by id. */
export class JobEvents {
  constructor(private readonly connections: RedisConnections) {}

  /** Yields after each change of the job, several at once as one, until the signal aborts; then it just ends. */
  changes(id: SeparationId, signal: AbortSignal): AsyncIterable<void> {
    throw new Error(`not written yet: ${id} ${String(signal.aborted)} ${typeof this.connections}`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
