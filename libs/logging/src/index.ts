// log lines that carry their request: to the console, and over Redis to the logs app.
export { logContext, runWithLogContext, type LogContext } from './log-context.js';
export { LOG_STREAM, SERVICES, parseLogEntry, toStreamFields, type LogEntry, type ServiceName } from './log-entry.js';
export { formatJsonLine, formatTextLine } from './log-line.js';
export { closeLogger, createLogger, type Logger } from './logger.js';
export { LOGGER, LoggingModule } from './logging.module.js';
export { NestLogger } from './nest-logger.js';
export { RedisStreamTransport } from './redis-stream.transport.js';
