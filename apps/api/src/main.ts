// rest-server: takes songs, says how far they are, gives out their stems.
// all of its state is in the object store and in Redis, so any number of it can run.
import 'reflect-metadata';
import { ConfigError, loadApiConfig, type ApiConfig } from '@app/config';
import { FfmpegNotFoundError } from '@app/audio';
import { createLogger, type Logger } from '@app/logging';
import { ApiKeysError } from './access/api-keys.js';
import { isLoopback } from './context/loopback.js';
import { createApp } from './create-app.js';
import { endOnSignals } from './shutdown.js';

async function start(config: ApiConfig, logger: Logger): Promise<void> {
  const app = await createApp(config, logger);
  const { host, port, apiKeysFile } = config.http;
  await app.listen(port, host);
  endOnSignals(app, logger);
  logger.info(`rest-server listens on ${await app.getUrl()}`);
  if (apiKeysFile === undefined && !isLoopback(host)) {
    logger.warn(`everybody who reaches ${host} may use this server: set API_KEYS_FILE, or HOST=127.0.0.1`);
  }
}

/** One plain sentence for what the operator can mend, everything for what he cannot. */
function explain(error: unknown, port: number): string {
  if (error instanceof ApiKeysError || error instanceof FfmpegNotFoundError) return error.message;
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE') return `port ${port} is taken: set PORT to another one`;
    if (error.code === 'EACCES') return `port ${port} may not be opened by this user: set PORT to one above 1023`;
    if (error.code === 'EADDRNOTAVAIL') return 'HOST is no address of this machine';
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function readConfig(): ApiConfig {
  try {
    return loadApiConfig();
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

const config = readConfig();
const logger = createLogger(config.logging, 'rest-server', config.redis.url);
try {
  await start(config, logger);
} catch (error) {
  process.stderr.write(`rest-server cannot start: ${explain(error, config.http.port)}\n`);
  process.exit(1);
}
