const SMOOTH_AFTER_PERCENT = 2;

/** Estimates the time left of a song from the work done since it was first seen. */
export class Eta {
  private began: { readonly at: number; readonly percent: number } | undefined;

  /** @returns seconds; null until it can be said */
  secondsLeft(percent: number, now = performance.now()): number | null {
    this.began ??= { at: now, percent };
    const done = percent - this.began.percent;
    if (done <= SMOOTH_AFTER_PERCENT) return null;
    return Math.round(((now - this.began.at) / 1000 / done) * (100 - percent));
  }
}
