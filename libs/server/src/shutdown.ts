import type { Server } from 'node:http';
import type { Logger } from '@app/logging';
import { OpenRequests } from './open-requests.js';

export interface ShutdownOptions {
  readonly server: Server;
  /** the process ends after this in any case, ms */
  readonly deadlineMs: number;
  readonly close: () => Promise<void>;
}

/** a shutdown that takes longer tells what it waits for, ms */
const LONG_MS = 3000;
const NAMED = 5;

/** Ends the process on SIGTERM and SIGINT once `close` is done, or at the deadline. A second Ctrl-C ends it at once. */
export function closeOnSignals(logger: Logger, { server, deadlineMs, close }: ShutdownOptions): void {
  const requests = new OpenRequests(server);
  let isEnding = false;
  let isInterrupted = false;
  const end = (signal: string): void => {
    if (isEnding && signal === 'SIGINT' && isInterrupted) process.exit(1);
    isInterrupted ||= signal === 'SIGINT';
    if (isEnding) return;
    isEnding = true;
    logger.info(`${signal}: shutting down`);
    setTimeout(() => {
      logger.warn(`the shutdown waits for ${waitingFor(requests)}`);
    }, LONG_MS).unref();
    setTimeout(() => process.exit(1), deadlineMs).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`the shutdown failed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
}

function waitingFor({ names }: OpenRequests): string {
  if (names.length === 0) return `its own work: ${[...new Set(process.getActiveResourcesInfo())].join(', ')}`;
  const more = names.length > NAMED ? `, and ${names.length - NAMED} more` : '';
  return `requests: ${names.slice(0, NAMED).join(', ')}${more}`;
}
