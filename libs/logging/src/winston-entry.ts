import type { Logform } from 'winston';
import type { LogEntry } from './log-entry.js';

/** Converts winston's log info to a LogEntry. */
export function toLogEntry(info: Logform.TransformableInfo, service: string, pod: string): LogEntry {
  const { level, message, time, requestId, separationId, traceId, ...rest } = info;
  const fields = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, plain(value)]));
  return {
    time: typeof time === 'string' ? time : new Date().toISOString(),
    level,
    service,
    pod,
    message: typeof message === 'string' ? message : String(plain(message)),
    ...(typeof requestId === 'string' && { requestId }),
    ...(typeof separationId === 'string' && { separationId }),
    ...(typeof traceId === 'string' && { traceId }),
    ...(Object.keys(fields).length > 0 && { fields }),
  };
}

/** an error has no enumerable properties, so JSON would turn it into `{}` */
function plain(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? value.message;
  try {
    const json = JSON.stringify(value) as string | undefined;
    return json === undefined ? String(value) : value;
  } catch {
    return String(value);
  }
}
