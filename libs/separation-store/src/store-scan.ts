import { isSeparationId, type SeparationId } from '@app/separations';
import { type RedisConnections, allReplies, json, texts } from '@app/redis';

/** hash entries per call */
const SCANNED = 500;

/** lifetime of the notes of a scan that died, ms */
const LASTS_MS = 15 * 60_000;

export interface Listed {
  readonly id: SeparationId;
  readonly owner: string | null;
}

/** A scan of the whole store. It records in Redis each separation that it finds: listed ones that are missing are gone. */
export class StoreScan {
  constructor(
    private readonly connections: RedisConnections,
    private readonly key: string,
  ) {}

  async found(ids: readonly SeparationId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.connections.call(async (redis) =>
      allReplies(
        await redis
          .multi()
          .sadd(this.key, ...ids)
          .pexpire(this.key, LASTS_MS)
          .exec(),
      ),
    );
  }

  /** Listed separations that the scan did not find: removed, or accepted since it began. */
  async *missing(): AsyncGenerator<Listed> {
    const { listed } = this.connections.keys;
    let cursor = '0';
    do {
      const from = cursor;
      const [next, flat] = await this.connections.call((redis) => redis.hscan(listed, from, 'COUNT', SCANNED));
      yield* await this.notFound(parseListed(texts(flat)));
      cursor = next;
    } while (cursor !== '0');
  }

  async end(): Promise<void> {
    await this.connections.call((redis) => redis.del(this.key));
  }

  private async notFound(entries: readonly Listed[]): Promise<Listed[]> {
    if (entries.length === 0) return [];
    const ids = entries.map(({ id }) => id);
    const found = await this.connections.call((redis) => redis.smismember(this.key, ...ids));
    return entries.filter((_, at) => found[at] !== 1);
  }
}

function parseListed(flat: readonly string[]): Listed[] {
  return flat.flatMap((id, at) => {
    const owner = at % 2 === 0 ? json(flat[at + 1]) : undefined;
    return isSeparationId(id) && (owner === null || typeof owner === 'string') ? [{ id, owner }] : [];
  });
}
