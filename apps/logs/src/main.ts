// logs: prints the Redis Stream `logging`, to show the logs of all services with `kubectl logs deploy/logs`.
// one line per entry, with its id; `--json` (or LOG_FORMAT=json) prints JSON.
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { ConfigError, loadLogsConfig } from '@app/config';
import { LogReader } from './log-reader.js';
import { printEntries } from './print.js';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const { redis, logging } = loadLogsConfig();
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending.abort();
    });
  }
  // nobody reads the output any longer, as in `logs | head`
  process.stdout.on('error', () => {
    ending.abort();
  });
  const reader = new LogReader({ redis, consumer: hostname() });
  await printEntries(reader, process.stdout, values.json ? 'json' : logging.format, ending.signal);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
