import { Redis } from 'ioredis';
import { LOG_STREAM, parseLogEntry, type LogEntry } from '@app/logging';
import { isFromReplica, sentinelOptions, watchConnection, type RedisAddress } from '@app/redis';

export interface StreamEntry {
  /** from Redis: a repeated entry has the same id */
  readonly id: string;
  readonly entry: LogEntry;
}

interface LogReaderOptions {
  readonly redis: RedisAddress;
  /** name of this reader in the group; a restart under the same name resumes its unacknowledged entries */
  readonly consumer: string;
  readonly stream?: string;
}

const GROUP = 'logs';
const BATCH = 200;
const BLOCK_MS = 2000;
/** after this silence a reader is dead, and another takes over its entries */
const ABANDONED_MS = 10_000;

/** Reads the `logging` stream as a member of its consumer group, which repeats an entry until it is acknowledged. */
export class LogReader {
  private readonly redis: Redis;
  private readonly stream: string;

  constructor(private readonly options: LogReaderOptions) {
    this.stream = options.stream ?? LOG_STREAM;
    this.redis = new Redis(options.redis.url.href, {
      ...sentinelOptions(options.redis),
      maxRetriesPerRequest: null,
      connectTimeout: 2000,
      // after this, a blocking read has lost its server
      blockingTimeout: BLOCK_MS * 2,
      retryStrategy: (times) => Math.min(times * 50, 1000),
      reconnectOnError: isFromReplica,
    });
    watchConnection(this.redis);
    this.redis.on('error', () => undefined);
  }

  /**
   * Yields batches until aborted: first this reader's own unacknowledged entries, then those of dead readers, then new
   * ones. Acknowledge each batch before you ask for the next.
   */
  async *batches(signal: AbortSignal): AsyncGenerator<readonly StreamEntry[]> {
    const stop = (): void => {
      this.redis.disconnect();
    };
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      try {
        await this.createGroup();
        yield* this.untilFault(signal);
      } catch (error) {
        // a wipe removes the group: create it again
        if (!isTransient(error)) throw error;
      }
    }
  }

  async acknowledge(batch: readonly StreamEntry[]): Promise<void> {
    await this.redis.xack(this.stream, GROUP, ...batch.map(({ id }) => id));
  }

  private async *untilFault(signal: AbortSignal): AsyncGenerator<readonly StreamEntry[]> {
    for (let own = await this.read('0'); own.length > 0; own = await this.read('0')) yield own;
    let claimedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (performance.now() - claimedAt > ABANDONED_MS / 2) {
        for (let lost = await this.claim(); lost.length > 0; lost = await this.claim()) yield lost;
        claimedAt = performance.now();
      }
      const fresh = await this.read('>');
      if (fresh.length > 0) yield fresh;
    }
  }

  private async createGroup(): Promise<void> {
    try {
      await this.redis.xgroup('CREATE', this.stream, GROUP, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }

  /** `0`: own unacknowledged entries; `>`: new entries, after a wait of up to 2 s */
  private async read(from: '0' | '>'): Promise<StreamEntry[]> {
    const { consumer } = this.options;
    const streams = (await this.redis.xreadgroup(
      'GROUP',
      GROUP,
      consumer,
      'COUNT',
      BATCH,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      this.stream,
      from,
    )) as unknown;
    const [, entries] = Array.isArray(streams) && Array.isArray(streams[0]) ? (streams[0] as unknown[]) : [];
    return toEntries(entries);
  }

  private async claim(): Promise<StreamEntry[]> {
    const { consumer } = this.options;
    const reply = await this.redis.xautoclaim(this.stream, GROUP, consumer, ABANDONED_MS, '0', 'COUNT', BATCH);
    return toEntries(reply[1]);
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && /NOGROUP|timed out|Connection is closed/.test(error.message);
}

/** An entry that was trimmed after its delivery has no fields: it is printed as lost, and acknowledged. */
function toEntries(value: unknown): StreamEntry[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).flatMap((item) => {
    if (!Array.isArray(item) || typeof item[0] !== 'string') return [];
    const fields: unknown = item[1];
    return [{ id: item[0], entry: parseLogEntry(Array.isArray(fields) ? fields.map(String) : []) }];
  });
}
