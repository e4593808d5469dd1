import { Redis } from 'ioredis';
import { isFromReplica, sentinelOptions, watchConnection, type RedisAddress } from '@app/redis';
import type { Logform } from 'winston';
import Transport from 'winston-transport';
import { LOG_STREAM, toStreamFields, type LogEntry } from './log-entry.js';
import { toLogEntry } from './winston-entry.js';

export interface RedisStreamOptions {
  readonly redis: RedisAddress;
  readonly service: string;
  readonly pod: string;
  /** entries to keep while Redis is unreachable, before the oldest are dropped; default 2000 */
  readonly capacity?: number;
  /** key of the stream; specs use their own */
  readonly stream?: string;
}

/** approximate length of the stream, in entries */
const STREAM_LENGTH = 10_000;
const IN_FLIGHT = 64;
const CAPACITY = 2000;
const FLUSH_MS = 1000;
const RECONNECT_MS = 500;

/**
 * Sends entries to the Redis Stream through a bounded ring. While Redis is unreachable, the oldest entries are
 * dropped; their number is logged when it is back. Never blocks the logger or keeps the process alive.
 */
export class RedisStreamTransport extends Transport {
  private readonly redis: Redis;
  private readonly ring: LogEntry[] = [];
  private readonly capacity: number;
  private readonly stream: string;
  private isClosing = false;
  private dropped = 0;
  private inFlight = 0;
  private onIdle: (() => void) | undefined;

  constructor(private readonly target: RedisStreamOptions) {
    super();
    this.capacity = target.capacity ?? CAPACITY;
    this.stream = target.stream ?? LOG_STREAM;
    this.redis = new Redis(target.redis.url.href, {
      ...sentinelOptions(target.redis),
      enableOfflineQueue: false,
      // we resend an entry whose reply was lost, not the client
      maxRetriesPerRequest: 0,
      commandTimeout: 5000,
      connectTimeout: 2000,
      // the client's own timer would keep the process alive
      lazyConnect: true,
      retryStrategy: null,
      reconnectOnError: isFromReplica,
    });
    watchConnection(this.redis);
    // logging about the log's own connection would only fill the ring
    this.redis.on('error', () => undefined);
    this.redis.on('connect', () => {
      // a log connection must not keep the process alive
      this.redis.stream.unref();
    });
    this.redis.on('ready', () => {
      this.send();
    });
    this.redis.on('end', () => {
      if (!this.isClosing) setTimeout(() => void this.connect(), RECONNECT_MS).unref();
    });
    void this.connect();
  }

  override log(info: Logform.TransformableInfo, next: () => void): void {
    // first: winston stops every transport until the slowest calls back
    next();
    this.push(toLogEntry(info, this.target.service, this.target.pod));
    this.send();
  }

  /** Waits up to a second for pending entries to be sent, then disconnects. */
  async flushAndClose(): Promise<void> {
    if (this.ring.length > 0 || this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, FLUSH_MS);
        this.onIdle = (): void => {
          clearTimeout(timer);
          resolve();
        };
        this.send();
      });
    }
    this.isClosing = true;
    this.redis.disconnect();
  }

  private async connect(): Promise<void> {
    // a failed attempt emits `end` too
    await this.redis.connect().catch(() => undefined);
  }

  private push(entry: LogEntry): void {
    this.ring.push(entry);
    if (this.ring.length > this.capacity) {
      this.ring.shift();
      this.dropped += 1;
    }
  }

  private send(): void {
    while (this.redis.status === 'ready' && this.inFlight < IN_FLIGHT) {
      if (this.dropped > 0) this.sendDropNotice();
      const entry = this.ring.shift();
      if (entry === undefined) break;
      void this.add(entry, () => {
        // resent when Redis is back; at worst it appears twice
        if (this.ring.length < this.capacity) this.ring.unshift(entry);
        else this.dropped += 1;
      });
    }
    if (this.inFlight === 0 && this.ring.length === 0) this.onIdle?.();
  }

  private sendDropNotice(): void {
    const count = this.dropped;
    this.dropped = 0;
    void this.add(this.dropNotice(count), () => {
      this.dropped += count;
    });
  }

  private async add(entry: LogEntry, onLost: () => void): Promise<void> {
    this.inFlight += 1;
    try {
      await this.redis.xadd(this.stream, 'MAXLEN', '~', STREAM_LENGTH, '*', ...toStreamFields(entry));
    } catch {
      this.inFlight -= 1;
      onLost();
      return;
    }
    this.inFlight -= 1;
    this.send();
  }

  private dropNotice(count: number): LogEntry {
    const { service, pod } = this.target;
    const message = `${count} log entries were dropped while Redis was unreachable`;
    return { time: new Date().toISOString(), level: 'warn', service, pod, message };
  }
}
