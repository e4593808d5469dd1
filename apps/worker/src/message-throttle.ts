/** Passes on each error message once in a while: a lost connection fails several times a second. */
export class MessageThrottle {
  private readonly passedAt = new Map<string, number>();

  /** @param quietMs before the same message passes again, ms */
  constructor(
    private readonly pass: (message: string) => void,
    private readonly quietMs = 30_000,
  ) {}

  /** @param now milliseconds of a steady clock */
  report({ message }: Error, now = performance.now()): void {
    for (const [old, at] of this.passedAt) if (now - at >= this.quietMs) this.passedAt.delete(old);
    if (this.passedAt.has(message)) return;
    this.passedAt.set(message, now);
    this.pass(message);
  }
}
