import { allReplies, type RedisConnections } from '@app/redis';
import { isSeparationId, type SeparationId } from '@app/separations';
import type { Redis } from 'ioredis';
import { ListenWatch } from './listen-watch.js';

/** a listener counts this long after its last word */
const LASTS_MS = 15_000;
const POLL_MS = 1000;

/** Tells the worker of a separation, on any pod, that somebody listens to it. */
export class ListenSignals {
  private readonly watches = new Set<ListenWatch>();
  private subscriber: Redis | undefined;
  private poll: NodeJS.Timeout | undefined;

  constructor(private readonly connections: RedisConnections) {}

  /** Says that somebody listens: for 15 s, so say it again in time. @throws RedisUnavailableError */
  async announce(id: SeparationId): Promise<void> {
    const { keys } = this.connections;
    await this.connections.call(async (redis) =>
      allReplies(await redis.multi().set(keys.listening(id), '', 'PX', LASTS_MS).publish(keys.listeners, id).exec()),
    );
  }

  /**
   * Watches whether somebody listens, until the watch stops: told at once by pub/sub, and polled every second because
   * pub/sub loses messages during a reconnect.
   */
  watch(id: SeparationId): ListenWatch {
    const watch = new ListenWatch(id, () => {
      this.watches.delete(watch);
      if (this.watches.size === 0) clearInterval(this.poll);
    });
    this.subscriber ??= this.subscribe();
    if (this.watches.size === 0) this.poll = setInterval(() => void this.look([...this.watches]), POLL_MS);
    this.watches.add(watch);
    // somebody may listen already
    void this.look([watch]);
    return watch;
  }

  private subscribe(): Redis {
    const subscriber = this.connections.forSubscriber();
    subscriber.on('message', (_channel: string, id: string) => {
      if (isSeparationId(id)) for (const watch of this.watches) if (watch.id === id) watch.listenedFor(LASTS_MS);
    });
    // subscribes once Redis is up, and again after each reconnect; the poll covers the gap
    subscriber.subscribe(this.connections.keys.listeners).catch(() => undefined);
    return subscriber;
  }

  /** While Redis is away, a listener counts until its time is over. */
  private async look(watches: readonly ListenWatch[]): Promise<void> {
    try {
      const left = await this.connections.call(async (redis) => {
        const asked = redis.pipeline();
        for (const { id } of watches) asked.pttl(this.connections.keys.listening(id));
        return allReplies(await asked.exec());
      });
      // -2 where there is no key
      for (const [at, watch] of watches.entries()) watch.listenedFor(Math.max(0, Number(left[at])));
    } catch {
      // the next look is a second away
    }
  }
}
