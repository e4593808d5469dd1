import type { Logform } from 'winston';
import Transport from 'winston-transport';

export interface RedisStreamOptions {
  readonly redisUrl: URL;
  readonly service: string;
  readonly pod: string;
}

/** Sends entries to the Redis Stream. A bounded ring stands before it: while Redis is away the oldest are dropped, and counted. */
export class RedisStreamTransport extends Transport {
  constructor(private readonly stream: RedisStreamOptions) {
    super();
  }

  override log(_info: Logform.TransformableInfo, next: () => void): void {
    next();
  }

  flushAndClose(): Promise<void> {
    throw new Error(`not written yet: ${this.stream.service}`);
  }
}
