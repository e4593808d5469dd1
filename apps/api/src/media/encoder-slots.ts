import { Inject, Injectable } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { Semaphore } from '@app/concurrency';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';

/** about the time to encode a song of a few minutes, seconds */
const RETRY_AFTER = 5;

/** Limits the encoders that run while a client waits: each costs a process and a core. */
@Injectable()
export class EncoderSlots {
  private readonly permits: Semaphore;

  constructor(@Inject(API_CONFIG) { limits }: Pick<ApiConfig, 'limits'>) {
    const refuse = (): ProblemError =>
      new ProblemError('busy', 'Too many files are being encoded.', { retryAfterSeconds: RETRY_AFTER });
    this.permits = new Semaphore(limits.maxEncodings, { maxWaiting: 0, refuse });
  }

  get running(): number {
    return this.permits.inUse;
  }

  /** @throws ProblemError busy when every slot is in use */
  run<T>(encode: () => Promise<T>): Promise<T> {
    return this.permits.run(encode);
  }
}
