import type { EngineHeartbeat } from './protocol.js';

export interface WatchdogLimits {
  /** longest silence after the first message */
  readonly silenceMs: number;
  /** heartbeats at work without CPU time; the engine sends one a second */
  readonly stillBeats: number;
  /** heartbeats in a step of unknown cost, such as loading, before its CPU time counts */
  readonly longStepBeats: number;
}

export const WATCHDOG_LIMITS: WatchdogLimits = { silenceMs: 60_000, stillBeats: 60, longStepBeats: 300 };

const CHECK_MS = 500;
/** less is noise */
const MIN_CPU_SECONDS = 0.05;
/** a step of known cost may take this many times as much, and at least a minute */
const COST_FACTOR = 20;
const MIN_STEP_CPU_SECONDS = 60;
/** compiling a big network takes a tenth of this */
const LONG_STEP_CPU_SECONDS = 1800;

interface Step {
  readonly number: number;
  readonly cpuAtStart: number;
  beats: number;
  /** CPU time when it was last seen to grow, and the heartbeats since */
  cpuSeconds: number;
  stillBeats: number;
}

/**
 * Tells a hung child from a starved one. A child that gets a fraction of a CPU is slow, but uses what it gets.
 * Counts heartbeats and not seconds: time in which the whole machine sleeps does not count.
 */
export class Watchdog {
  private lastSeen: number | undefined;
  private lastCheck = performance.now();
  private step: Step | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly limits: WatchdogLimits,
    private readonly onHung: (message: string) => void,
  ) {
    this.timer = setInterval(() => {
      this.checkSilence();
    }, CHECK_MS);
  }

  /** Call for every message. */
  seen(): void {
    this.lastSeen = performance.now();
  }

  beat({ cpuSeconds, step: number, expectedCpuSeconds }: EngineHeartbeat): void {
    if (number === null) {
      this.step = undefined;
      return;
    }
    if (this.step?.number !== number) {
      this.step = { number, cpuAtStart: cpuSeconds, beats: 0, cpuSeconds, stillBeats: 0 };
      return;
    }
    const { step } = this;
    step.beats += 1;
    step.stillBeats += 1;
    if (cpuSeconds - step.cpuSeconds >= MIN_CPU_SECONDS) {
      step.cpuSeconds = cpuSeconds;
      step.stillBeats = 0;
    }
    this.checkStep(step, expectedCpuSeconds);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private checkStep(step: Step, expected: number | null): void {
    if (step.stillBeats >= this.limits.stillBeats) {
      this.hung(`the engine used no CPU time for ${step.stillBeats} heartbeats`);
      return;
    }
    if (expected === null && step.beats < this.limits.longStepBeats) return;
    const limit = expected === null ? LONG_STEP_CPU_SECONDS : Math.max(MIN_STEP_CPU_SECONDS, expected * COST_FACTOR);
    const used = step.cpuSeconds - step.cpuAtStart;
    if (used > limit) this.hung(`the engine used ${Math.round(used)} s of CPU time without a result`);
  }

  private checkSilence(): void {
    const now = performance.now();
    const missed = now - this.lastCheck > 4 * CHECK_MS;
    this.lastCheck = now;
    // this process was asleep or busy itself, and has not read what the child sent meanwhile
    if (missed && this.lastSeen !== undefined) this.lastSeen = now;
    if (this.lastSeen === undefined || now - this.lastSeen <= this.limits.silenceMs) return;
    this.hung(`the engine was silent for ${Math.round(this.limits.silenceMs / 1000)} s`);
  }

  private hung(message: string): void {
    this.stop();
    this.onHung(message);
  }
}
