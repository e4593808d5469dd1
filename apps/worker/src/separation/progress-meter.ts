import type { JobProgress } from '@app/queue';
import type { Stage } from '@app/separations';

/** share of the whole work, in percent, that is done when the stage begins; the separation is nearly all of it */
const BEGINS_AT: Readonly<Record<Stage, number>> = { fetch: 0, decode: 1, separate: 3, encode: 92, store: 98 };
const ENDS_AT: Readonly<Record<Stage, number>> = { fetch: 1, decode: 3, separate: 92, encode: 98, store: 100 };

const LEAST_STEP_PERCENT = 1;
const LEAST_PAUSE_MS = 250;

/**
 * Turns measured work of a stage into progress of the whole job. What is reported only grows,
 * and at most one report is on its way: Redis is not asked more often than it answers.
 */
export class ProgressMeter {
  private reported: JobProgress = { percent: 0, stage: 'queued' };
  private reportedAt = Number.NEGATIVE_INFINITY;
  private sending = false;

  constructor(private readonly report: (progress: JobProgress) => Promise<void>) {}

  /** done and total in any one unit, such as samples */
  measured(stage: Stage, done: number, total: number): void {
    const share = total > 0 ? Math.min(done / total, 1) : 0;
    const percent = BEGINS_AT[stage] + share * (ENDS_AT[stage] - BEGINS_AT[stage]);
    const rounded = Math.max(Math.floor(percent * 10) / 10, this.reported.percent);
    if (this.isWorthReporting({ percent: rounded, stage })) this.send({ percent: rounded, stage });
  }

  private isWorthReporting(next: JobProgress): boolean {
    if (next.stage !== this.reported.stage) return true;
    if (this.sending || performance.now() - this.reportedAt < LEAST_PAUSE_MS) return false;
    return next.percent - this.reported.percent >= LEAST_STEP_PERCENT;
  }

  private send(progress: JobProgress): void {
    this.reported = progress;
    this.reportedAt = performance.now();
    this.sending = true;
    // progress is a courtesy: an outage of Redis must not end the job
    this.report(progress)
      .catch(() => undefined)
      .finally(() => {
        this.sending = false;
      });
  }
}
