// @ts-check
// `npm run separate -- SONG [--out DIR]`: uploads a song, follows it, and downloads the stems
import { createWriteStream, mkdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServiceAwayError, ServiceBusyError, ServiceClient } from './support/client.mjs';
import { PlainError, main } from './support/fail.mjs';
import { ProgressLine } from './support/progress-line.mjs';

const POLL_MS = 1000;
// long enough for a restart of the service
const AWAY_MS = 60_000;
// npm changes to the folder of the package
const HERE = process.env.INIT_CWD ?? process.cwd();

/** @type {Record<import('@app/separations').Format, true>} the type check keeps it complete */
const FORMATS = { flac: true, mp3: true, wav: true };

const USAGE = `npm run separate -- SONG [options]
  --out DIR        folder for the stems (default: a folder named after the song)
  --model NAME     --stems vocals,drums     --formats ${Object.keys(FORMATS).join(',')}
  --overlap 0.25   --shifts 0
  --track 2        audio track of a film or a recording with several, counted from 1
  --priority low   let other songs go first
  --server URL     default http://127.0.0.1:3000 (or SEPARATION_SERVER)
  SEPARATION_KEY may hold an access key.`;

/** @type {{ type: 'string', multiple: false }} */
const TEXT = { type: 'string', multiple: false };
const OPTIONS = { model: TEXT, stems: TEXT, formats: TEXT, overlap: TEXT, shifts: TEXT, track: TEXT, priority: TEXT };

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { ...OPTIONS, out: TEXT, server: TEXT, help: { type: 'boolean' } },
      allowPositionals: true,
    });
    const [song, ...others] = positionals;
    if (values.help || song === undefined || others.length > 0) throw new PlainError(USAGE);
    return { song, values };
  } catch (error) {
    throw error instanceof PlainError ? error : new PlainError(`${error.message}\n\n${USAGE}`);
  }
}

function mustBeSong(song) {
  const facts = statSync(song, { throwIfNoEntry: false });
  if (facts === undefined) throw new PlainError(`There is no file ${song}.`);
  if (!facts.isFile()) throw new PlainError(`${song} is not a file. Pass one song at a time.`);
  if (facts.size === 0) throw new PlainError(`${song} is empty.`);
  return facts.size;
}

/** @param {ServiceClient} client */
async function watch(client, id, line, signal) {
  for (let awaySince; ;) {
    let separation;
    try {
      separation = await client.separation(id, signal);
      awaySince = undefined;
    } catch (error) {
      awaySince ??= Date.now();
      if (!(error instanceof ServiceAwayError) || Date.now() - awaySince > AWAY_MS) throw error;
      line.away();
      await pause(POLL_MS, undefined, { signal });
      continue;
    }
    const { status, progress, queue, error } = separation;
    if (status === 'completed') return separation;
    if (status === 'failed') throw new PlainError(`The separation failed: ${error?.message} (${error?.code})`);
    if (status === 'cancelled') throw new PlainError('The separation was cancelled.');
    if (status === 'queued') line.waiting(queue);
    else line.working(progress);
    await pause(POLL_MS, undefined, { signal });
  }
}

/**
 * Does again what a busy service refused, for a minute.
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
async function patiently(call, line, signal) {
  const deadline = Date.now() + AWAY_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServiceBusyError) || Date.now() + error.retryAfterMs > deadline) throw error;
      line.away();
      await pause(error.retryAfterMs, undefined, { signal });
    }
  }
}

/** Downloads to a temporary name first: a stem under its own name is complete. */
async function download(client, path, file, signal) {
  const partial = `${file}.part`;
  try {
    const answer = await client.get(path, signal);
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(partial), { signal });
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

await main(async () => {
  const { song: named, values } = readArguments();
  const song = resolve(HERE, named);
  const bytes = mustBeSong(song);
  const folder = resolve(HERE, values.out ?? basename(song, extname(song)));
  const server = values.server ?? process.env.SEPARATION_SERVER ?? 'http://127.0.0.1:3000';
  const client = new ServiceClient(server, process.env.SEPARATION_KEY);
  const line = new ProgressLine();
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  /** @type {import('@app/separations').Separation | undefined} */
  let started;

  try {
    const fields = Object.keys(OPTIONS).filter((name) => values[name] !== undefined);
    const wanted = fields.map((name) => [name, values[name]]);
    const { signal } = interrupted;
    const upload = () => client.upload(song, bytes, wanted, (sent) => line.uploading(sent / bytes), signal);
    started = await patiently(upload, line, signal);
    const done = await watch(client, started.id, line, signal);
    line.end();
    if (done.model === 'demo')
      console.log('These stems come from the small demo model. It is only for trying the service.');
    mkdirSync(folder, { recursive: true });
    for (const stem of done.stems) {
      for (const format of values.formats?.split(',') ?? ['flac']) {
        const file = join(folder, `${stem}.${format.trim()}`);
        const path = `/v1/separations/${done.id}/stems/${stem}.${format.trim()}`;
        await patiently(() => download(client, path, file, signal), line, signal);
        console.log(file);
      }
    }
  } catch (error) {
    line.end();
    if (!interrupted.signal.aborted) throw error;
    if (started === undefined) throw new PlainError('Stopped. The song was not sent.');
    await client.cancel(started.id);
    throw new PlainError('Stopped. The separation was cancelled.');
  }
});
