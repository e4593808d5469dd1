const CHECK_MS = 500;

/** Detects a child that falls silent after its first message. */
export class Heartbeats {
  private lastSeen: number | undefined;
  private lastCheck = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly silenceMs: number,
    private readonly onSilence: (message: string) => void,
  ) {
    this.timer = setInterval(() => {
      this.check();
    }, CHECK_MS);
  }

  seen(): void {
    this.lastSeen = performance.now();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private check(): void {
    const now = performance.now();
    const missed = now - this.lastCheck > 4 * CHECK_MS;
    this.lastCheck = now;
    // this process was asleep or busy itself, and has not read what the child sent meanwhile
    if (missed && this.lastSeen !== undefined) this.lastSeen = now;
    if (this.lastSeen === undefined || now - this.lastSeen <= this.silenceMs) return;
    this.stop();
    this.onSilence(`the engine was silent for ${Math.round(this.silenceMs / 1000)} s`);
  }
}
