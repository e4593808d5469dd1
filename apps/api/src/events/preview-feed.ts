import type { ListenSignals, PreviewBoard } from '@app/queue';
import { RedisUnavailableError } from '@app/redis';
import type { Preview, SeparationId } from '@app/separations';

/** a listener counts for 15 s */
const SAY_EVERY_MS = 4000;

/** The preview of a separation for one listener. */
export class PreviewFeed {
  private saidAt = Number.NEGATIVE_INFINITY;
  private attempt: string | undefined;
  private told = 0;

  constructor(
    private readonly id: SeparationId,
    private readonly listeners: ListenSignals,
    private readonly board: PreviewBoard,
  ) {}

  /**
   * Says that somebody listens, and returns the blocks that are new to this listener: all of them of another run.
   * undefined where there are none, and while Redis is away. Call it at least every 10 s.
   */
  async news(): Promise<Preview | undefined> {
    try {
      await this.say();
      const preview = await this.board.read(this.id);
      return preview && this.newTo(preview);
    } catch (error) {
      if (error instanceof RedisUnavailableError) return undefined;
      throw error;
    }
  }

  private async say(): Promise<void> {
    if (performance.now() - this.saidAt < SAY_EVERY_MS) return;
    await this.listeners.announce(this.id);
    this.saidAt = performance.now();
  }

  private newTo({ attempt, blocks, samples }: Preview): Preview | undefined {
    if (attempt !== this.attempt) this.told = 0;
    this.attempt = attempt;
    const fresh = blocks.slice(this.told);
    this.told = blocks.length;
    return fresh.length === 0 ? undefined : { attempt, blocks: fresh, samples };
  }
}
