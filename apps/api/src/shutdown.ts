import type { INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import type { Logger } from '@app/logging';

/** uploads and downloads under way may take this long, ms */
const GRACE_MS = 10_000;

/** Ends the server on SIGTERM and SIGINT: nothing new, event streams closed, the rest within 10 s. A second signal ends it at once. */
export function endOnSignals(app: INestApplication<Server>, logger: Logger): void {
  let ending = false;
  const end = (signal: string): void => {
    if (ending) process.exit(1);
    ending = true;
    logger.info(`${signal}: shutting down`);
    const server = app.getHttpServer();
    setTimeout(() => {
      server.closeAllConnections();
    }, GRACE_MS).unref();
    setTimeout(() => process.exit(1), GRACE_MS + 3000).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('the shutdown failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
