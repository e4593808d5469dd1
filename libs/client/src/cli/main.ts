#!/usr/bin/env node
// the command line: `separate PATH...`
import { readFile } from 'node:fs/promises';
import { PlainError, StopError } from './exit-codes.js';
import { separate } from './separate.js';
import { readSettings } from './settings.js';
import { USAGE } from './usage.js';

const stop = new AbortController();
process.on('SIGINT', () => {
  // a second Ctrl-C does not wait
  if (stop.signal.aborted) process.exit(130);
  stop.abort(new StopError(130));
});
process.once('SIGTERM', () => {
  stop.abort(new StopError(143));
});

async function version(): Promise<string> {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}

try {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === 'help') console.log(USAGE);
  else if (settings === 'version') console.log(await version());
  else process.exitCode = await separate(settings, stop.signal);
} catch (error) {
  if (error instanceof StopError) {
    console.error(error.cancels ? '\nStopped. What was not done is cancelled.' : 'Stopped.');
    process.exitCode = error.exitCode;
  } else if (error instanceof PlainError) {
    console.error(`\n${error.message}`);
    process.exitCode = error.exitCode;
  } else throw error;
}
