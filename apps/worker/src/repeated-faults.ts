const QUIET_MS = 30_000;

/** Tells of a fault once, and again only when it goes on: a connection that is away fails several times a second. */
export class RepeatedFaults {
  private readonly toldAt = new Map<string, number>();

  constructor(private readonly tell: (message: string) => void) {}

  report({ message }: Error): void {
    const now = performance.now();
    for (const [old, at] of this.toldAt) if (now - at >= QUIET_MS) this.toldAt.delete(old);
    if (this.toldAt.has(message)) return;
    this.toldAt.set(message, now);
    this.tell(message);
  }
}
