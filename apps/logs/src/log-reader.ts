import { Redis } from 'ioredis';
import { LOG_STREAM, parseLogEntry, type LogEntry } from '@app/logging';

export interface StreamEntry {
  /** given by Redis: the same entry has the same id however often it is printed */
  readonly id: string;
  readonly entry: LogEntry;
}

export interface LogReaderOptions {
  readonly redisUrl: URL;
  /** name of this reader in the group; what it had not acknowledged comes first when it starts again */
  readonly consumer: string;
  readonly stream?: string;
}

const GROUP = 'logs';
const BATCH = 200;
const BLOCK_MS = 2000;
/** a reader that is silent for so long is dead: what it had taken is read by another */
const ABANDONED_MS = 10_000;

/** Reads the `logging` stream as a member of its consumer group: each entry is given out until it is acknowledged. */
export class LogReader {
  private readonly redis: Redis;
  private readonly stream: string;

  constructor(private readonly options: LogReaderOptions) {
    this.stream = options.stream ?? LOG_STREAM;
    this.redis = new Redis(options.redisUrl.href, {
      maxRetriesPerRequest: null,
      connectTimeout: 2000,
      // a blocking read that outlives this has lost its server
      blockingTimeout: BLOCK_MS * 2,
      retryStrategy: (times) => Math.min(times * 50, 1000),
    });
    this.redis.on('error', () => undefined);
  }

  /**
   * Batches of entries, for ever: first those that this reader took and did not acknowledge before it died, then
   * those of dead readers, then new ones. A batch must be acknowledged before the next is asked for.
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
        // wiped while we read: the group is made anew; all else is a fault of ours
        if (!isPassing(error)) throw error;
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

  /** `0`: taken by this reader and not acknowledged; `>`: new, waits up to 2 s for some */
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

function isPassing(error: unknown): boolean {
  return error instanceof Error && /NOGROUP|timed out|Connection is closed/.test(error.message);
}

/** an entry that was trimmed away since it was taken has no fields any more: it is acknowledged and shown as lost */
function toEntries(value: unknown): StreamEntry[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).flatMap((item) => {
    if (!Array.isArray(item) || typeof item[0] !== 'string') return [];
    const fields: unknown = item[1];
    return [{ id: item[0], entry: parseLogEntry(Array.isArray(fields) ? fields.map(String) : []) }];
  });
}
