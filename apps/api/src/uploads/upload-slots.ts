import { Injectable } from '@nestjs/common';
import { FairSemaphore, shareOf } from '@app/concurrency';
import { atCapacity } from '../problems/at-capacity.js';

/** simultaneous uploads: each holds a part of its file in memory */
const MAX_UPLOADS = 64;

/** Limits how many uploads of any kind this server receives at once, in all and from each client. */
@Injectable()
export class UploadSlots {
  private readonly uploads = new FairSemaphore({
    permits: MAX_UPLOADS,
    share: shareOf(MAX_UPLOADS),
    refuse: atCapacity('uploads at once', 5),
  });

  get inUse(): number {
    return this.uploads.inUse;
  }

  /** @throws ProblemError too_many_at_once or busy, or the signal's reason */
  run<T>(caller: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.uploads.run(caller, work, signal);
  }
}
