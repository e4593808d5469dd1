import type { SeparationId } from '@app/separations';

/** Whether somebody listens to one separation. */
export class ListenWatch {
  private until = Number.NEGATIVE_INFINITY;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly id: SeparationId,
    private readonly onStop: () => void,
  ) {}

  /** Somebody listens for this long from now, unless it is said again; 0: nobody does. */
  listenedFor(milliseconds: number): void {
    this.until = performance.now() + milliseconds;
    if (milliseconds > 0) for (const wake of [...this.waiting]) wake();
  }

  get isListened(): boolean {
    return performance.now() < this.until;
  }

  /** Waits until somebody listens. @throws the signal's reason */
  async untilListened(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isListened) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
    signal.throwIfAborted();
  }

  stop(): void {
    this.onStop();
  }
}
