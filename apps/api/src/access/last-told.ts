import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Batch, withTimeout } from '@app/concurrency';
import { RedisConnections, texts } from '@app/redis';
import type { SeparationId } from '@app/separations';

/** longer than the slowest read of the store, or that is read again, ms */
const KEPT_MS = 30_000;
/** two calls of 700 ms may follow, and a client must still hear within 2 s that Redis is away, ms */
const TIMEOUT_MS = 100;

/**
 * KEYS: of separations. ARGV: a token, lifetime in ms. Returns what was told of each. A token stands for "nothing": it
 * is lost with everything else if Redis is wiped.
 */
const LOOK = `
local told = redis.call('MGET', unpack(KEYS))
for at, key in ipairs(KEYS) do
  if not told[at] then
    told[at] = ARGV[1]
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
  end
end
return told`;

/** ARGV: what was told before, what is told now, lifetime in ms. Returns what counts afterwards. */
const TELL = `
local told = redis.call('GET', KEYS[1]) or ''
if told ~= ARGV[1] then return told end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return ARGV[2]`;

/**
 * What clients were told last of each separation, by any server: the digest of what the store held. A server may answer
 * from its memory only what was told last.
 */
@Injectable()
export class LastTold {
  private readonly looks: Batch<SeparationId, string>;

  constructor(private readonly connections: RedisConnections) {
    this.looks = new Batch((ids) => this.look(ids));
  }

  /** undefined while Redis is away. */
  of(id: SeparationId): Promise<string | undefined> {
    return this.looks.get(id).catch(() => undefined);
  }

  /**
   * Call before a client is told something else than `before`.
   * @param now empty for a separation that is not there
   * @returns 'changed' if another server has told something else meanwhile, 'unknown' while Redis is away
   */
  async tell(id: SeparationId, before: string, now: string): Promise<'told' | 'changed' | 'unknown'> {
    try {
      const counts = await this.ask((redis) => redis.eval(TELL, 1, this.key(id), before, now, KEPT_MS));
      return counts === now ? 'told' : 'changed';
    } catch {
      return 'unknown';
    }
  }

  /** @throws RedisUnavailableError */
  async forget(id: SeparationId): Promise<void> {
    await this.connections.call((redis) => redis.del(this.key(id)));
  }

  private async look(ids: readonly SeparationId[]): Promise<Map<SeparationId, string>> {
    const keys = ids.map((id) => this.key(id));
    const told = texts(await this.ask((redis) => redis.eval(LOOK, keys.length, ...keys, randomUUID(), KEPT_MS)));
    return new Map(ids.flatMap((id, at) => (told[at] === undefined ? [] : [[id, told[at]]])));
  }

  private ask<T>(call: Parameters<typeof this.connections.call<T>>[0]): Promise<T> {
    return withTimeout(TIMEOUT_MS, (signal) => this.connections.call(call, signal));
  }

  private key(id: SeparationId): string {
    return this.connections.keys.told(id);
  }
}
