// rest-server: accepts songs, reports progress, serves stems.
// its state is in the object store and Redis, so you can run any number of them.
import 'reflect-metadata';
import { FfmpegNotFoundError } from '@app/audio';
import { loadApiConfig } from '@app/config';
import { RedisClusterError } from '@app/redis';
import { closeOnSignals, runServer } from '@app/server';
import { ApiKeysError } from './access/api-keys.js';
import { isLoopback } from './access/loopback.js';
import { MetricsPortError } from './metrics/metrics-port.js';
import { createApp } from './create-app.js';

/** for uploads and downloads in progress */
const GRACE_MS = 10_000;
/** for the last log lines */
const AFTER_GRACE_MS = 3000;

await runServer({
  name: 'rest-server',
  portVariable: 'PORT',
  loadConfig: loadApiConfig,
  fixable: [ApiKeysError, FfmpegNotFoundError, MetricsPortError, RedisClusterError],
  start: async (config, logger) => {
    const app = await createApp(config, logger);
    const { host, port, apiKeysFile } = config.http;
    await app.listen(port, host);
    const server = app.getHttpServer();
    closeOnSignals(logger, {
      server,
      deadlineMs: GRACE_MS + AFTER_GRACE_MS,
      close: () => {
        setTimeout(() => {
          server.closeAllConnections();
        }, GRACE_MS).unref();
        return app.close();
      },
    });
    logger.info(`rest-server listens on ${await app.getUrl()}`);
    if (apiKeysFile === undefined && !isLoopback(host)) {
      logger.warn(`anyone who can reach ${host} can use this server: set API_KEYS_FILE, or HOST=127.0.0.1`);
    }
  },
});
