// ten songs in the engine at once, and an eleventh that is cancelled, against the same songs alone
import { readFile } from 'node:fs/promises';
import { openClient } from '../../scripts/support/client.mjs';
import { until } from '../../scripts/support/until.mjs';
import { childrenOf } from '../support/usage.mjs';
import { uploadSong } from '../support/song-line.mjs';
import { mebibytes, table } from '../support/statistics.mjs';
import { makeStubEngine } from '../support/stub-engine.mjs';
import { memoryOf } from '../support/workbench.mjs';

const SONGS = 10;
const SECONDS = 60;
// slow enough for all songs to be in the engine at once
const SPEED = 20;
// of two songs: a larger one would take all segments of a song at once
const BATCH = 2;
// percent
const CANCELLED_AT = 30;
const ENDED_MS = 600_000;
const SETTINGS = {
  MODEL: 'stub',
  WORKER_CONCURRENCY: String(SONGS + 1),
  WORKER_PREFETCH: String(SONGS + 1),
  ANALYSIS: 'on-demand',
};

export async function measure(workbench) {
  const { python, engineState } = await makeStubEngine(workbench.folder, workbench.modelsDir, SPEED, BATCH);
  const songs = [];
  for (let index = 0; index <= SONGS; index += 1) {
    songs.push(await readFile(await workbench.makeSong(SECONDS, { start: 3 * index })));
  }
  const run = async (use) => {
    const service = await workbench.startService({ ...SETTINGS, ENGINE_PYTHON: python, FFMPEG_PATH: workbench.ffmpeg });
    try {
      const results = await use(await openClient(service.url), workbench.folder, songs);
      const state = JSON.parse(await readFile(engineState, 'utf8'));
      return { results, atOnce: state.mostJobs, peaks: await peaksOf(service.pid('worker-server')) };
    } finally {
      await service.stop();
    }
  };
  const alone = await run(separateAlone);
  const together = await run(separateTogether);
  if (together.atOnce <= SONGS) throw new Error(`the engine had only ${together.atOnce} songs at once`);
  requireEqual(alone.results, together.results);
  return { text: report(alone, together) };
}

/** One song after the other, without the last one. */
async function separateAlone(client, folder, songs) {
  const results = [];
  for (const [index, song] of songs.slice(0, SONGS).entries()) {
    results.push(await resultOf(client, await uploadSong(client, folder, `alone-${index}`, song)));
  }
  return results;
}

/** All at once; the last one is cancelled in the middle. */
async function separateTogether(client, folder, songs) {
  const ids = await Promise.all(songs.map((song, index) => uploadSong(client, folder, `together-${index}`, song)));
  const last = ids.pop();
  const isInTheMiddle = async () => (await client.status(last)).progress.percent >= CANCELLED_AT;
  if (!(await until(isInTheMiddle, { timeoutMs: ENDED_MS }))) throw new Error('the last song did not begin');
  await client.cancel(last);
  const results = await Promise.all(ids.map((id) => resultOf(client, id)));
  const { status } = await client.status(last);
  if (status !== 'cancelled') throw new Error(`the last song was not cancelled: it is ${status}`);
  return results;
}

/** What a song's stems are: their hashes. */
async function resultOf(client, id) {
  for await (const { status, error } of client.events(id)) {
    if (status === 'failed') throw new Error(`a song failed: ${error.detail}`);
  }
  const { receipt } = await client.status(id);
  return JSON.stringify(receipt.stems.map(({ name, sha256 }) => [name, sha256]));
}

async function peaksOf(worker) {
  const [engine] = await childrenOf(worker, 'python');
  return { worker: await memoryOf(worker, 'VmHWM'), engine: await memoryOf(engine, 'VmHWM') };
}

function requireEqual(alone, together) {
  if (new Set(alone).size < alone.length) throw new Error('songs with different samples have equal stems');
  const different = alone.filter((result, index) => result !== together[index]);
  if (different.length > 0) throw new Error(`${different.length} songs have other stems when they run at once`);
}

function report(alone, together) {
  const row = (name, { atOnce, peaks }) => [name, atOnce, mebibytes(peaks.worker), mebibytes(peaks.engine)];
  const head = ['songs', 'most in the engine at once', 'peak of the worker, MiB', 'peak of the engine, MiB'];
  const rows = [row('one after the other', alone), row(`${SONGS}, and one that was cancelled`, together)];
  const env = Object.entries(SETTINGS).map(([name, value]) => `\`${name}=${value}\``);
  return `${SONGS} different songs of ${SECONDS} s, through the whole service, with a stub for the network at ${SPEED} × real time, in batches of ${BATCH}. All stems had the same hashes in both runs. Settings: ${env.join(', ')}.\n\n${table(head, rows)}\n\nThe song that was cancelled had done ${CANCELLED_AT}% or more, beside the others.`;
}
