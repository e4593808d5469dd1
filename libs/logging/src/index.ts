// logging with request and separation ids, to the console and through Redis to the logs app.
export { runWithLogContext } from './log-context.js';
export { LOG_STREAM, parseLogEntry, type LogEntry, type ServiceName } from './log-entry.js';
export { formatJsonLine, formatTextLine } from './log-line.js';
export { createLogger, type Logger } from './logger.js';
export { LoggingModule } from './logging.module.js';
export { NestLogger } from './nest-logger.js';
