import type { JobProgress } from '@app/queue';
import type { Stage } from '@app/separations';

/** share of the whole work, in percent, that is done when the stage begins; the separation is nearly all of it */
const BEGINS_AT: Readonly<Record<Stage, number>> = { fetch: 0, decode: 1, separate: 3, encode: 97, store: 98 };
const ENDS_AT: Readonly<Record<Stage, number>> = { fetch: 1, decode: 3, separate: 97, encode: 98, store: 100 };

const LEAST_STEP_PERCENT = 1;

/** Turns measured work of a stage into progress of the whole job; what is reported only grows. */
export class ProgressMeter {
  private reported: JobProgress = { percent: 0, stage: 'queued' };

  /** @param report must neither wait nor fail: progress is a courtesy */
  constructor(private readonly report: (progress: JobProgress) => Promise<void>) {}

  /** done and total in any one unit, such as samples */
  measured(stage: Stage, done: number, total: number): void {
    const share = total > 0 ? Math.min(done / total, 1) : 0;
    const percent = BEGINS_AT[stage] + share * (ENDS_AT[stage] - BEGINS_AT[stage]);
    const next = { percent: Math.max(Math.floor(percent * 10) / 10, this.reported.percent), stage };
    if (stage === this.reported.stage && next.percent - this.reported.percent < LEAST_STEP_PERCENT) return;
    this.reported = next;
    void this.report(next);
  }
}
