import { Redis } from 'ioredis';
import { RedisKeys } from '@app/redis';

/** keys that do not belong to one separation: the queue's own, the lists, the fleet, the log */
const MOST_KEYS = 60;
const STATES = ['wait', 'active', 'prioritized', 'delayed'] as const;

/** What of a separation is still in Redis, after all have ended. @returns sentences; none is right */
export async function surplusInRedis(url: URL, stored: number): Promise<string[]> {
  const redis = new Redis(url.href, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  const keys = new RedisKeys();
  try {
    const names: string[] = [];
    for (let cursor = '0', more = true; more;) {
      const [next, some] = await redis.scan(cursor, 'COUNT', 1000);
      // what was told last expires by itself
      names.push(...some.filter((name) => !name.includes(':told:')));
      cursor = next;
      more = next !== '0';
    }
    const ofSeparations = names.filter((name) => /sep_[0-9a-f]{32}/.test(name));
    // the notes of a scan whose server was killed expire by themselves
    for (const name of names.filter((one) => one.includes(':present:'))) {
      if ((await redis.ttl(name)) === -1) ofSeparations.push(name);
    }
    const waiting = await Promise.all(
      STATES.map(async (state) => {
        const key = keys.queue().state(state);
        const type = await redis.type(key);
        return type === 'list' ? redis.llen(key) : redis.zcard(key);
      }),
    );
    const ended = await redis.zcard(keys.ended);
    return [
      ...ofSeparations.map((name) => `the key ${name}`),
      ...STATES.flatMap((state, at) => ((waiting[at] ?? 0) > 0 ? [`${waiting[at]} jobs in ${state}`] : [])),
      ...(names.length > MOST_KEYS ? [`${names.length} keys`] : []),
      ...(ended > stored ? [`${ended} ended separations, but ${stored} are stored`] : []),
    ];
  } finally {
    redis.disconnect();
  }
}
