import { ConfigError, type LoggingConfig, type RedisConfig } from '@app/config';
import { createLogger, type Logger, type ServiceName } from '@app/logging';

interface ServerConfig {
  readonly http: { readonly host: string; readonly port: number };
  readonly redis: RedisConfig;
  readonly logging: LoggingConfig;
}

export interface Server<Config extends ServerConfig> {
  readonly name: ServiceName;
  /** the environment variable that sets the port */
  readonly portVariable: string;
  readonly loadConfig: () => Config;
  /** errors whose message tells the operator what to do; all others are printed with their stack */
  readonly fixable: readonly (abstract new (...args: never[]) => Error)[];
  readonly start: (config: Config, logger: Logger) => Promise<void>;
}

/** Starts a server, or prints why it cannot start and exits with 1. */
export async function runServer<Config extends ServerConfig>(server: Server<Config>): Promise<void> {
  const config = readConfig(server);
  const logger = createLogger(config.logging, server.name, config.redis);
  try {
    await server.start(config, logger);
  } catch (error) {
    fail(`${server.name} cannot start: ${explain(error, server, config.http)}`);
  }
}

function readConfig<Config extends ServerConfig>({ loadConfig }: Server<Config>): Config {
  try {
    return loadConfig();
  } catch (error) {
    return fail(error instanceof ConfigError ? error.message : String(error));
  }
}

/** A one-line message for errors the operator can fix; the full stack otherwise. */
function explain<Config extends ServerConfig>(
  error: unknown,
  server: Server<Config>,
  { host, port }: Config['http'],
): string {
  if (!(error instanceof Error)) return String(error);
  if (server.fixable.some((kind) => error instanceof kind)) return error.message;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const { portVariable } = server;
  if (code === 'EADDRINUSE') return `port ${port} is in use: set ${portVariable} to another port`;
  if (code === 'EADDRNOTAVAIL') return `HOST is not an address of this machine: ${host}`;
  if (code === 'EACCES' && syscall === 'listen') {
    return `this user may not open port ${port}: set ${portVariable} to a port above 1023`;
  }
  if (code === 'EACCES' && path !== undefined) return `this user may not use ${path}`;
  return error.stack ?? error.message;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
