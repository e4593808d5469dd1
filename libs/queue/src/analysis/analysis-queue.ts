import type { RedisConnections } from '@app/redis';
import type { Queue } from 'bullmq';
import type { AnalysisCause, AnalysisJob } from './analysis-job.js';

/** a fault of the store or the worker may pass; then nobody waits, and whoever asks for it queues it again */
const OPTIONS = { attempts: 3, backoff: { type: 'exponential', delay: 5000 }, removeOnFail: true } as const;

/** The producer's side of the queue of songs to be analyzed. */
export class AnalysisQueue {
  constructor(
    private readonly queue: Queue,
    private readonly connections: RedisConnections,
  ) {
    // the connection reports every failed attempt here; callers get their own error
    queue.on('error', () => undefined);
  }

  /** Queues it once, however often it is asked for. @throws RedisUnavailableError */
  async enqueue({ id, requestId }: AnalysisJob, cause: AnalysisCause): Promise<void> {
    await this.connections.call(() => this.queue.add(cause, { id, requestId }, { ...OPTIONS, jobId: id }));
  }
}
