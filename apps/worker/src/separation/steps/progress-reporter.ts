import type { JobProgress } from '@app/queue';
import type { Stage } from '@app/separations';

/** percent of the whole job when each stage begins; the separation is nearly all of it */
const BEGINS_AT: Readonly<Record<Stage, number>> = { fetch: 0, decode: 1, separate: 3, encode: 97, store: 98 };
const ENDS_AT: Readonly<Record<Stage, number>> = { fetch: 1, decode: 3, separate: 97, encode: 98, store: 100 };

const MIN_STEP_PERCENT = 1;

/** Converts the progress of a stage into progress of the whole job, which never falls. */
export class ProgressReporter {
  private reported: JobProgress = { percent: 0, stage: 'queued' };

  /** @param publish must not fail; nobody awaits it */
  constructor(private readonly publish: (progress: JobProgress) => Promise<void>) {}

  /** `done` and `total` in the same unit, such as samples */
  report(stage: Stage, done: number, total: number): void {
    const share = total > 0 ? Math.min(done / total, 1) : 0;
    const percent = BEGINS_AT[stage] + share * (ENDS_AT[stage] - BEGINS_AT[stage]);
    const next = { percent: Math.max(Math.floor(percent * 10) / 10, this.reported.percent), stage };
    if (stage === this.reported.stage && next.percent - this.reported.percent < MIN_STEP_PERCENT) return;
    this.reported = next;
    void this.publish(next);
  }
}
