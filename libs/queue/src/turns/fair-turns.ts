import { KeyedMutex } from '@app/concurrency';
import { texts, type QueueKeys, type RedisConnections } from '@app/redis';
import type { SeparationId } from '@app/separations';
import type { Redis } from 'ioredis';
import { parseStoredJob } from '../separation-job.js';
import { LAST_TURN, nameOfTurns, nextTurn, UNKNOWN_TURN, type Turn, type Turns } from './turn.js';

/** after the client's last song, ms */
const LASTS_MS = 24 * 3600 * 1000;
/** the order of BullMQ's sorted set: turn * 2^32 + a counter */
const SCORE = 2 ** 32;

/**
 * Reads what decides a client's next turn. Forgets its jobs that neither wait nor run. Once the next job is in the
 * second half of all turns, moves every job back by as much, so that turns never run out.
 * KEYS: prioritized, active, delayed, the client's jobs. ARGV: prefix of job keys, half of all turns, 2^32.
 * Returns the turn of the latest job that runs, those of the next job and of the client's last one, and the next job's
 * data.
 */
const LOOK = `
local score = tonumber(ARGV[3])
local active = redis.call('LRANGE', KEYS[2], 0, -1)
local function turn_of(id) return tonumber(redis.call('HGET', ARGV[1] .. id, 'priority')) or 0 end
local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local next = math.floor((tonumber(head[2]) or 0) / score)
if next > tonumber(ARGV[2]) then
  local by = next - 1
  local function move(id) redis.call('HSET', ARGV[1] .. id, 'priority', math.max(1, turn_of(id) - by)) end
  for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    move(id)
    redis.call('ZINCRBY', KEYS[1], -by * score, id)
  end
  for _, id in ipairs(active) do move(id) end
  for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do move(id) end
  next = 1
end
local running, latest, last = {}, 0, 0
for _, id in ipairs(active) do
  running[id] = turn_of(id)
  latest = math.max(latest, running[id])
end
for _, id in ipairs(redis.call('SMEMBERS', KEYS[4])) do
  local at = tonumber(redis.call('ZSCORE', KEYS[1], id))
  if at then
    last = math.max(last, math.floor(at / score))
  elseif running[id] then
    last = math.max(last, running[id])
  else
    redis.call('SREM', KEYS[4], id)
  end
end
return {latest, next, last, head[1] and redis.call('HGET', ARGV[1] .. head[1], 'data') or ''}`;

/** Gives each new job of a queue its turn, so that no client waits for all songs of another. */
export class FairTurns {
  private readonly mutex = new KeyedMutex();

  constructor(
    private readonly connections: RedisConnections,
    private readonly keys: QueueKeys,
  ) {}

  /**
   * Adds a job with the turn that is its client's. Jobs that other processes add at the same moment may get the same
   * turn: their client then has two songs in it once.
   * @param add takes BullMQ's priority
   */
  async take(
    redis: Redis,
    id: SeparationId,
    turn: Turn = UNKNOWN_TURN,
    add: (priority: number) => Promise<unknown>,
  ): Promise<void> {
    const key = this.connections.keys.turns(nameOfTurns(turn), this.keys.name);
    await this.mutex.run(key, async () => {
      await add(nextTurn(turn, await this.look(redis, key)));
      // later, or another process would forget it
      await redis.multi().sadd(key, id).pexpire(key, LASTS_MS).exec();
    });
  }

  private async look(redis: Redis, client: string): Promise<Turns> {
    const { keys } = this;
    const queues = [keys.state('prioritized'), keys.state('active'), keys.state('delayed')];
    const reply = await redis.eval(LOOK, 4, ...queues, client, keys.key(''), Math.floor(LAST_TURN / 2), SCORE);
    const [running = 0, next = 0, last = 0] = (reply as unknown[]).slice(0, 3).map(Number);
    const [data] = texts((reply as unknown[]).slice(3));
    if (next === 0) return { running, last };
    return { running, last, next: { at: next, turn: parseStoredJob(data)?.turn ?? UNKNOWN_TURN } };
  }
}
