import { json, texts, type RedisConnections } from '@app/redis';
import type { OwnerUsage, StoredRequest } from '@app/separations';

const DAYS_30_MS = 30 * 24 * 3600 * 1000;
/** entries for one call to Redis */
const AT_ONCE = 1000;

/** What the index keeps of a song to add it up. */
export type Measured = Pick<StoredRequest, 'durationSeconds' | 'inputBytes'>;

interface Entry {
  readonly id: string;
  readonly owner: string | null;
}

type Sum = OwnerUsage['last30Days'];

/** Adds up the songs of owners, from the index: the reconciler rebuilds it from the store. */
export class SongUsage {
  constructor(private readonly connections: RedisConnections) {}

  /** @throws RedisUnavailableError */
  async of(owner: string | null): Promise<OwnerUsage> {
    const key = this.connections.keys.index(owner);
    const entries = async (cursor: string): Promise<[string, Entry[]]> => {
      const [next, flat] = await this.connections.call((redis) => redis.zscan(key, cursor, 'COUNT', AT_ONCE));
      return [next, pairs(texts(flat)).map(([id]) => ({ id, owner }))];
    };
    return (await this.addUp(entries)).get(owner) ?? nothing(owner);
  }

  /** Of every owner that has songs, in the order of their names. @throws RedisUnavailableError */
  async ofAll(): Promise<OwnerUsage[]> {
    const { listed } = this.connections.keys;
    const entries = async (cursor: string): Promise<[string, Entry[]]> => {
      const [next, flat] = await this.connections.call((redis) => redis.hscan(listed, cursor, 'COUNT', AT_ONCE));
      return [next, pairs(texts(flat)).flatMap(([id, text]) => toEntry(id, json(text)))];
    };
    const all = [...(await this.addUp(entries)).values()];
    return all.sort((a, b) => ((a.owner ?? '') < (b.owner ?? '') ? -1 : 1));
  }

  private async addUp(scan: (cursor: string) => Promise<[string, Entry[]]>): Promise<Map<string | null, OwnerUsage>> {
    const sums = new Map<string | null, OwnerUsage>();
    // a scan may return an entry twice
    const seen = new Set<string>();
    const since = Date.now() - DAYS_30_MS;
    let cursor = '0';
    do {
      const [next, found] = await scan(cursor);
      const entries = found.filter(({ id }) => !seen.has(id));
      const songs = await this.songs(entries);
      for (const [at, { id, owner }] of entries.entries()) {
        seen.add(id);
        const song = parseSong(songs[at]);
        const sum = sums.get(owner) ?? nothing(owner);
        const last30Days = song.createdMs < since ? sum.last30Days : plus(sum.last30Days, song);
        sums.set(owner, { ...plus(sum, song), owner, last30Days });
      }
      cursor = next;
    } while (cursor !== '0');
    return sums;
  }

  private async songs(entries: readonly Entry[]): Promise<(string | null)[]> {
    if (entries.length === 0) return [];
    const ids = entries.map(({ id }) => id);
    return this.connections.call((redis) => redis.hmget(this.connections.keys.songs, ...ids));
  }
}

/** The text of a song in the index. @param createdMs milliseconds since 1970 */
export function songText({ durationSeconds, inputBytes }: Measured, createdMs: number): string {
  return JSON.stringify([durationSeconds, inputBytes, createdMs]);
}

function parseSong(text: string | null | undefined): { seconds: number; bytes: number; createdMs: number } {
  const read: unknown = json(text ?? undefined);
  const [seconds = 0, bytes = 0, createdMs = 0] = Array.isArray(read) ? read.map(Number) : [];
  return { seconds, bytes, createdMs };
}

function plus(sum: Sum, { seconds, bytes }: { readonly seconds: number; readonly bytes: number }): Sum {
  return { songs: sum.songs + 1, seconds: sum.seconds + seconds, bytes: sum.bytes + bytes };
}

function nothing(owner: string | null): OwnerUsage {
  const none = { songs: 0, seconds: 0, bytes: 0 };
  return { owner, ...none, last30Days: none };
}

function toEntry(id: string, owner: unknown): Entry[] {
  return owner === null || typeof owner === 'string' ? [{ id, owner }] : [];
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((one, at) => (at % 2 === 0 ? [[one, flat[at + 1] ?? '']] : []));
}
