import { isSeparationId, type SeparationId } from '@app/separations';
import type { RedisConnections } from '@app/redis';

const POLL_MS = 1000;
/** a request that nobody cleared expires after a day */
const KEPT_MS = 24 * 3600 * 1000;

export type CancelListener = (id: SeparationId) => void;

/** Carries cancel requests from any process to the one that runs the job, on any pod. */
export class CancelSignals {
  constructor(private readonly connections: RedisConnections) {}

  /** @throws RedisUnavailableError */
  async request(id: SeparationId): Promise<void> {
    const { cancelled } = this.connections.keys;
    const now = Date.now();
    await this.connections.call((redis) =>
      redis
        .multi()
        .zadd(cancelled, now, id)
        .zremrangebyscore(cancelled, '-inf', now - KEPT_MS)
        .publish(cancelled, id)
        .exec(),
    );
  }

  /** @throws RedisUnavailableError */
  async isRequested(id: SeparationId): Promise<boolean> {
    return (await this.connections.call((redis) => redis.zscore(this.connections.keys.cancelled, id))) !== null;
  }

  /**
   * Calls the listener for every request until the returned function is called: at once by pub/sub, and by polling
   * every second because pub/sub loses messages during a reconnect. It may be called repeatedly for one id.
   */
  async onRequest(listener: CancelListener): Promise<() => Promise<void>> {
    const { cancelled } = this.connections.keys;
    const tell = (id: unknown): void => {
      if (isSeparationId(id)) listener(id);
    };
    const subscriber = this.connections.forSubscriber();
    subscriber.on('message', (_channel: string, id: string) => {
      tell(id);
    });
    // subscribes once Redis is up, and again after each reconnect; the poll covers the gap
    subscriber.subscribe(cancelled).catch(() => undefined);
    const poll = setInterval(() => {
      this.connections
        .call((redis) => redis.zrange(cancelled, 0, '-1'))
        .then((ids) => {
          ids.forEach(tell);
        })
        .catch(() => undefined);
    }, POLL_MS);
    return Promise.resolve(() => {
      clearInterval(poll);
      subscriber.disconnect();
      return Promise.resolve();
    });
  }
}
