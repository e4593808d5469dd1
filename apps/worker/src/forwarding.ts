import type { Logger } from '@app/logging';
import { UnfitWorkerError, type SeparationJob, type SeparationQueue } from '@app/queue';
import { MessageThrottle } from './message-throttle.js';

const QUIET_MS = 60_000;

/** Passes songs on to the workers that have their model: they were queued before the pools changed. */
export class Forwarding {
  private readonly returned: MessageThrottle;

  /** @param own the queue that this worker takes songs from */
  constructor(
    private readonly queue: Pick<SeparationQueue, 'forward'>,
    private readonly own: string,
    private readonly logger: Logger,
  ) {
    this.returned = new MessageThrottle((message) => logger.warn(message), QUIET_MS);
  }

  /** @returns whether the song went to other workers @throws UnfitWorkerError while Redis is away */
  async passOn(job: SeparationJob): Promise<boolean> {
    const { model, hops = 0 } = job;
    try {
      if (!(await this.queue.forward(job, this.own))) return false;
    } catch (cause) {
      throw new UnfitWorkerError('the song cannot go to other workers', { cause });
    }
    // other workers passed it on too: they do not agree
    if (hops > 0) {
      this.returned.report(
        new Error(
          `songs of the model ${model} come back to the queue ${this.own}: ` +
            'MODEL_QUEUES differs between servers, set it to the same value everywhere',
        ),
      );
    } else this.logger.info(`other workers have the model ${model} now`);
    return true;
  }
}
