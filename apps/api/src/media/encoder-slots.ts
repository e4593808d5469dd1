import { Inject, Injectable } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { FairSemaphore, shareOf } from '@app/concurrency';
import { API_CONFIG } from '../config/api-config.module.js';
import { atCapacity } from '../problems/at-capacity.js';

/** about the time to encode a song of a few minutes, seconds */
const RETRY_AFTER = 5;

/** encodings that may wait, and those of one client: every stem of a song in two formats */
const MAX_WAITING = 64;
const WAITING_SHARE = 16;

/** Limits the encoders that run while a client waits: each costs a process and a core. */
@Injectable()
export class EncoderSlots {
  private readonly permits: FairSemaphore;

  constructor(@Inject(API_CONFIG) { limits }: Pick<ApiConfig, 'limits'>) {
    const permits = limits.maxEncodings;
    const refuse = atCapacity('files that are being encoded', RETRY_AFTER);
    this.permits = new FairSemaphore({
      permits,
      share: shareOf(permits),
      maxWaiting: MAX_WAITING,
      waitingShare: WAITING_SHARE,
      refuse,
    });
  }

  get running(): number {
    return this.permits.inUse;
  }

  /** @throws ProblemError busy when too many wait, too_many_at_once when too many of the caller's do */
  run<T>(caller: string, encode: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.permits.run(caller, encode, signal);
  }
}
