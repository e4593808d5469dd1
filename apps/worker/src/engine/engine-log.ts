import { runWithLogContext } from '@app/logging';
import type { Logger } from 'winston';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** Logs a line of the engine's stdout or stderr, with its request and separation if it names them. */
export function logEngineLine(logger: Logger, line: string, stream: 'stdout' | 'stderr'): void {
  const entry = parseEntry(line);
  const level = LEVELS.find((known) => known === entry['level']) ?? (stream === 'stderr' ? 'warn' : 'info');
  const message = `engine: ${typeof entry['message'] === 'string' ? entry['message'] : line}`;
  const { id, requestId } = entry;
  if (typeof requestId !== 'string') {
    logger.log(level, message);
    return;
  }
  runWithLogContext({ requestId, ...(typeof id === 'string' ? { separationId: id } : {}) }, () => {
    logger.log(level, message);
  });
}

// text that a library prints is logged as it is
function parseEntry(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
