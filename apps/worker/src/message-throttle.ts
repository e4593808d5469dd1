const QUIET_MS = 30_000;

/** Passes on each error message at most once per 30 s: a lost connection fails several times a second. */
export class MessageThrottle {
  private readonly passedAt = new Map<string, number>();

  constructor(private readonly pass: (message: string) => void) {}

  /** @param now milliseconds of a steady clock */
  report({ message }: Error, now = performance.now()): void {
    for (const [old, at] of this.passedAt) if (now - at >= QUIET_MS) this.passedAt.delete(old);
    if (this.passedAt.has(message)) return;
    this.passedAt.set(message, now);
    this.pass(message);
  }
}
