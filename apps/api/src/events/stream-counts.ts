import { ProblemError } from '../problems/problem.error.js';

const MAX_PER_CLIENT = 50;
const MAX_TOTAL = 2000;

/** Limits the open event streams, per client and in total: each costs a connection and a listener. */
export class StreamCounts {
  private readonly byClient = new Map<string, number>();
  total = 0;

  /** Counts a stream until the returned function is called. @throws ProblemError too_many_streams, busy */
  enter(client: string): () => void {
    const mine = this.byClient.get(client) ?? 0;
    if (mine >= MAX_PER_CLIENT) {
      throw new ProblemError('too_many_streams', `You already have ${MAX_PER_CLIENT} open event streams.`, {
        extras: { limit: MAX_PER_CLIENT },
        retryAfterSeconds: 5,
      });
    }
    if (this.total >= MAX_TOTAL) {
      throw new ProblemError('busy', 'Too many open event streams.', { retryAfterSeconds: 5 });
    }
    this.total += 1;
    this.byClient.set(client, mine + 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.total -= 1;
      const open = (this.byClient.get(client) ?? 1) - 1;
      if (open === 0) this.byClient.delete(client);
      else this.byClient.set(client, open);
    };
  }
}
