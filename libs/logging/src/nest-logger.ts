import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'winston';

// Nest logs each module and route at start; operators do not need that
const START_UP = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver']);

/** Routes Nest's Logger through ours: `app.useLogger(new NestLogger(logger))`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...details: unknown[]): void {
    this.write(START_UP.has(String(details.at(-1))) ? 'debug' : 'info', message, details);
  }

  error(message: unknown, ...details: unknown[]): void {
    this.write('error', message, details);
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.write('error', message, details);
  }

  warn(message: unknown, ...details: unknown[]): void {
    this.write('warn', message, details);
  }

  debug(message: unknown, ...details: unknown[]): void {
    this.write('debug', message, details);
  }

  verbose(message: unknown, ...details: unknown[]): void {
    this.write('debug', message, details);
  }

  /** Nest appends the name of the logging class, after an optional stack, error or fields. */
  private write(level: string, message: unknown, details: unknown[]): void {
    const last = details.at(-1);
    const context = typeof last === 'string' ? last : undefined;
    const rest = context === undefined ? details : details.slice(0, -1);
    const fields: Record<string, unknown> = context === undefined ? {} : { context };
    for (const detail of rest) {
      if (detail instanceof Error) fields['error'] = detail;
      else if (typeof detail === 'object' && detail !== null) Object.assign(fields, detail);
      else if (detail !== undefined) fields['detail'] = detail;
    }
    if (message instanceof Error) this.logger.log(level, message.message, { ...fields, error: message });
    else this.logger.log(level, typeof message === 'string' ? message : JSON.stringify(message), fields);
  }
}
