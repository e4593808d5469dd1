import type { Stage, StageSeconds } from '@app/separations';
import { inSpan } from '@app/tracing';

/** Measures the wall time of each stage of a job, and makes it a span. */
export class StageTimer {
  private readonly measured: Record<Stage, number> = { fetch: 0, decode: 0, separate: 0, encode: 0, store: 0 };

  async time<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await inSpan(stage, {}, work);
    } finally {
      this.measured[stage] += performance.now() - startedAt;
    }
  }

  /** rounded to milliseconds */
  get seconds(): StageSeconds {
    const { fetch, decode, separate, encode, store } = this.measured;
    return {
      fetch: round(fetch),
      decode: round(decode),
      separate: round(separate),
      encode: round(encode),
      store: round(store),
    };
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
