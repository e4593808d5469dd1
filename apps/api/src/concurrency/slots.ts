/** So many at once, so many more waiting in order, and the rest refused: for work that costs a process or a core. */
export class Slots {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param refuse makes the error for a call that finds the waiting line full */
  constructor(
    private readonly atOnce: number,
    private readonly inLine: number,
    private readonly refuse: () => Error,
  ) {}

  get inUse(): number {
    return this.running;
  }

  /** @throws the signal's reason when it aborts while the call waits in line */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.enter(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.running < this.atOnce) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.inLine) throw this.refuse();
    await new Promise<void>((resolve, reject) => {
      const granted = (): void => {
        signal?.removeEventListener('abort', gone);
        resolve();
      };
      const gone = (): void => {
        this.waiting.splice(this.waiting.indexOf(granted), 1);
        reject(signal?.reason as Error);
      };
      this.waiting.push(granted);
      signal?.addEventListener('abort', gone, { once: true });
    });
  }

  /** the place goes straight to the next in line, so nobody overtakes */
  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
