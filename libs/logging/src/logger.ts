import type { LoggingConfig } from '@app/config';
import type { RedisAddress } from '@app/redis';
import { traceId } from '@app/tracing';
import { hostname } from 'node:os';
import winston, { type Logger } from 'winston';
import { logContext } from './log-context.js';
import type { ServiceName } from './log-entry.js';
import { toLogEntry } from './winston-entry.js';
import { formatJsonLine, formatTextLine } from './log-line.js';
import { RedisStreamTransport } from './redis-stream.transport.js';

export type { Logger } from 'winston';

/**
 * Writes each line to the console and, with a Redis, to the `logging` stream.
 * Logging never blocks, throws, or keeps the process alive.
 */
export function createLogger(config: LoggingConfig, service: ServiceName, redis?: RedisAddress): Logger {
  const pod = hostname();
  const line = config.format === 'json' ? formatJsonLine : formatTextLine;
  const withContext = winston.format((info) =>
    Object.assign(info, { time: new Date().toISOString(), ...logContext(), traceId: traceId() }),
  );
  const toEntry = (info: winston.Logform.TransformableInfo): string => line(toLogEntry(info, service, pod));
  const toConsole = new winston.transports.Console({ format: winston.format.printf(toEntry) });
  const toRedis = redis === undefined ? [] : [new RedisStreamTransport({ redis, service, pod })];
  const options = {
    level: config.level,
    format: withContext(),
    exitOnError: false,
    transports: [toConsole, ...toRedis],
  };
  return winston.createLogger(options);
}

/** Waits up to a second for pending entries to reach Redis, then disconnects. */
export async function closeLogger(logger: Logger): Promise<void> {
  const streams = logger.transports.filter((transport) => transport instanceof RedisStreamTransport);
  await Promise.all(streams.map((stream) => stream.flushAndClose()));
  logger.close();
}
