import { ProblemError } from '../problems/problem.error.js';

const FOR_EACH_CLIENT = 50;
const ALL = 2000;

/** How many event streams are open, and for whom: each costs a connection and a listener. */
export class StreamCounts {
  private readonly byClient = new Map<string, number>();
  total = 0;

  /** @returns what to call when the stream has ended. @throws ProblemError too_many_streams, busy */
  enter(client: string): () => void {
    const mine = this.byClient.get(client) ?? 0;
    if (mine >= FOR_EACH_CLIENT) {
      throw new ProblemError('too_many_streams', `${FOR_EACH_CLIENT} event streams are open already.`, {
        extras: { limit: FOR_EACH_CLIENT },
        retryAfterSeconds: 5,
      });
    }
    if (this.total >= ALL) throw new ProblemError('busy', 'Too many event streams.', { retryAfterSeconds: 5 });
    this.total += 1;
    this.byClient.set(client, mine + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.total -= 1;
      const open = (this.byClient.get(client) ?? 1) - 1;
      if (open === 0) this.byClient.delete(client);
      else this.byClient.set(client, open);
    };
  }
}
