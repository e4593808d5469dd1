import { isSeparationId, type SeparationId } from '@app/separations';
import { songText, type Measured } from './song-usage.js';
import { InvalidCursorError } from './invalid-cursor.error.js';
import { type RedisConnections, allReplies, json } from '@app/redis';

const UNKNOWN: Measured = { durationSeconds: 0, inputBytes: 0 };

export interface IndexPage {
  readonly ids: readonly SeparationId[];
  /** of the next, older page; null on the last */
  readonly nextCursor: string | null;
}

/** The separations of each owner, newest first. The reconciler rebuilds it from the store. */
export class SeparationIndex {
  constructor(private readonly connections: RedisConnections) {}

  /** `createdAt`: ISO 8601. @throws RedisUnavailableError */
  async add(owner: string | null, id: SeparationId, createdAt: string, song: Measured = UNKNOWN): Promise<void> {
    const { keys } = this.connections;
    const createdMs = Date.parse(createdAt);
    const score = Number.isNaN(createdMs) ? 0 : createdMs;
    await this.connections.call(async (redis) =>
      allReplies(
        await redis
          .multi()
          .zadd(keys.index(owner), score, id)
          .hset(keys.listed, id, ownerText(owner))
          .hset(keys.songs, id, songText(song, score))
          .exec(),
      ),
    );
  }

  /** Of these, the owner's own, in the same order. @throws RedisUnavailableError */
  async of(owner: string | null, ids: readonly SeparationId[]): Promise<SeparationId[]> {
    if (ids.length === 0) return [];
    const key = this.connections.keys.index(owner);
    const scores = await this.connections.call((redis) => redis.zmscore(key, ...ids));
    return ids.filter((_, at) => (scores[at] ?? null) !== null);
  }

  /** undefined for a separation that is not listed. @throws RedisUnavailableError */
  async ownerOf(id: SeparationId): Promise<string | null | undefined> {
    const { listed } = this.connections.keys;
    const owner = json(await this.connections.call((redis) => redis.hget(listed, id)));
    return typeof owner === 'string' || owner === null ? owner : undefined;
  }

  /** @throws RedisUnavailableError */
  async remove(owner: string | null, id: SeparationId): Promise<void> {
    const { keys } = this.connections;
    await this.connections.call(async (redis) =>
      allReplies(
        await redis
          .multi()
          .zrem(keys.index(owner), id)
          .hdel(keys.listed, id)
          .hdel(keys.songs, id)
          .zrem(keys.ended, id)
          .zrem(keys.unswept, id)
          .exec(),
      ),
    );
  }

  /**
   * `cursor`: from the previous page, or null for the newest. Separations added meanwhile do not shift the pages.
   * @throws InvalidCursorError for a cursor that no page returned, RedisUnavailableError
   */
  async page(owner: string | null, cursor: string | null, limit: number): Promise<IndexPage> {
    const after = cursor === null ? undefined : parseCursor(cursor);
    const key = this.connections.keys.index(owner);
    const entries: Entry[] = [];
    // one entry more than the page tells whether another page follows
    for (let offset = 0; entries.length <= limit;) {
      const from = after === undefined ? '+inf' : after.score;
      const flat = await this.connections.call((redis) =>
        redis.zrevrangebyscore(key, from, '-inf', 'WITHSCORES', 'LIMIT', offset, limit + 1),
      );
      if (flat.length === 0) break;
      offset += flat.length / 2;
      entries.push(...parseEntries(flat).filter((entry) => after === undefined || isOlder(entry, after)));
    }
    const page = entries.slice(0, limit);
    const last = page.at(-1);
    const nextCursor = entries.length > limit && last !== undefined ? formatCursor(last) : null;
    return { ids: page.map(({ id }) => id), nextCursor };
  }
}

/** JSON: no key name can be mistaken for `null` */
export function ownerText(owner: string | null): string {
  return JSON.stringify(owner);
}

interface Entry {
  readonly id: SeparationId;
  /** creation time, milliseconds since 1970 */
  readonly score: number;
}

function parseEntries(flat: readonly string[]): Entry[] {
  return flat.flatMap((id, index) =>
    index % 2 === 0 && isSeparationId(id) ? [{ id, score: Number(flat[index + 1]) }] : [],
  );
}

/** Redis orders entries of the same millisecond by id, here in descending order */
function isOlder(entry: Entry, than: Entry): boolean {
  return entry.score < than.score || (entry.score === than.score && entry.id < than.id);
}

function formatCursor({ id, score }: Entry): string {
  return Buffer.from(`${score}/${id}`).toString('base64url');
}

function parseCursor(cursor: string): Entry {
  const [score, id, ...rest] = Buffer.from(cursor, 'base64url').toString('latin1').split('/');
  if (!isSeparationId(id) || score === undefined || !/^\d{1,15}$/.test(score) || rest.length > 0) {
    throw new InvalidCursorError();
  }
  return { id, score: Number(score) };
}
