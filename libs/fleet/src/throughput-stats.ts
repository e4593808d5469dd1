import type { RedisConnections } from '@app/redis';

/** weight of the latest measurement in the moving average */
const WEIGHT = 0.3;

/** atomic: two workers that finish together both count */
const AVERAGE = `
local old = tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
local new = tonumber(ARGV[2])
if old then new = old + (new - old) * tonumber(ARGV[3]) end
return redis.call('HSET', KEYS[1], ARGV[1], string.format('%.9g', new))`;

/** Measured speed of the workers: wall seconds per second of song, by model. */
export class ThroughputStats {
  constructor(private readonly connections: RedisConnections) {}

  /** Both in seconds. A run too short to measure is ignored. @throws RedisUnavailableError */
  async record(model: string, audioSeconds: number, wallSeconds: number): Promise<void> {
    const speed = wallSeconds / audioSeconds;
    if (!isSpeed(speed)) return;
    await this.connections.call((redis) => redis.eval(AVERAGE, 1, this.connections.keys.speeds, model, speed, WEIGHT));
  }

  /** null before the first measurement. @throws RedisUnavailableError */
  async secondsPerAudioSecond(model: string): Promise<number | null> {
    return (await this.all()).get(model) ?? null;
  }

  /** of every model that was measured. @throws RedisUnavailableError */
  async all(): Promise<Map<string, number>> {
    const stored = await this.connections.call((redis) => redis.hgetall(this.connections.keys.speeds));
    const speeds = Object.entries(stored).map(([model, text]) => [model, Number(text)] as const);
    return new Map(speeds.filter(([, speed]) => isSpeed(speed)));
  }
}

function isSpeed(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
