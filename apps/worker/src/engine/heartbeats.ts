const CHECK_MS = 500;

/** Notices when a child that has spoken once falls silent. */
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
    // this process was itself asleep or busy: what the child said meanwhile is not read yet
    if (missed && this.lastSeen !== undefined) this.lastSeen = now;
    if (this.lastSeen === undefined || now - this.lastSeen <= this.silenceMs) return;
    this.stop();
    this.onSilence(`the engine gave no sign of life for ${Math.round(this.silenceMs / 1000)} s`);
  }
}
