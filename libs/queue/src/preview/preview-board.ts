import { allReplies, json, type RedisConnections } from '@app/redis';
import { previewSchema, type Preview, type SeparationId } from '@app/separations';
import { EVENTS_KEPT } from '../job-events.js';

/** longer than any separation, and than a listener's pause */
const KEPT_MS = 24 * 3600 * 1000;

/** What can be heard of each running separation: its worker writes it, every rest-server reads it. */
export class PreviewBoard {
  constructor(private readonly connections: RedisConnections) {}

  /** Replaces what was there: all blocks each time, because Redis may have been wiped. @throws RedisUnavailableError */
  async publish(id: SeparationId, preview: Preview): Promise<void> {
    const { keys } = this.connections;
    await this.connections.call(async (redis) =>
      allReplies(
        await redis
          .multi()
          .set(keys.preview(id), JSON.stringify(preview), 'PX', KEPT_MS)
          // an event of the job: those who follow it look again
          .xadd(keys.queue().state('events'), 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', 'preview', 'jobId', id)
          .exec(),
      ),
    );
  }

  /** undefined where nothing can be heard. @throws RedisUnavailableError */
  async read(id: SeparationId): Promise<Preview | undefined> {
    const text = await this.connections.call((redis) => redis.get(this.connections.keys.preview(id)));
    return previewSchema.safeParse(json(text)).data;
  }

  /** @throws RedisUnavailableError */
  async clear(id: SeparationId): Promise<void> {
    await this.connections.call((redis) => redis.del(this.connections.keys.preview(id)));
  }
}
