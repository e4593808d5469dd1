// everything but the network: many songs through the service, with a stub for the network
import { readFile } from 'node:fs/promises';
import { AccountedFfmpeg, makeStubEngine } from '../support/stub-engine.mjs';
import { SongLine, mapValues } from '../support/song-line.mjs';
import { FolderStore, S3Store } from '../support/stores.mjs';
import { mebibytes, median, spread, table } from '../support/statistics.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS || 3);
/** songs: in a round */
const LINES = [
  { name: '20 s', seconds: 20, songs: 24, Store: FolderStore },
  { name: '20 s, S3', seconds: 20, songs: 24, Store: S3Store },
  { name: '240 s', seconds: 240, songs: 3, Store: FolderStore },
];
const ANALYZED = 2;
const SPEED = 1000;
const SETTINGS = { MODEL: 'stub', WORKER_CONCURRENCY: '2', WORKER_PREFETCH: '2', ANALYSIS: 'on-demand' };
/** what is extrapolated: the line, and the cores of the pod */
const POD = '240 s';
const CORES = 16;
const WANTED = 4;

export async function measure(workbench) {
  const engine = await makeStubEngine(workbench.folder, workbench.modelsDir, SPEED);
  const lines = [];
  for (const line of LINES) lines.push({ ...line, ...(await measureLine(workbench, engine, line)) });
  const parts = [
    settings(),
    rates(lines),
    stages(lines),
    redis(lines),
    memory(lines),
    pod(lines.find(({ name }) => name === POD)),
  ];
  return { text: parts.join('\n\n') };
}

async function measureLine(workbench, { python, engineState }, { name, seconds, songs, Store }) {
  const { folder, ffmpeg } = workbench;
  const song = await readFile(await workbench.makeSong(seconds));
  const withLine = async (settings, use, last) => {
    const store = await Store.start(folder);
    try {
      const env = { ...SETTINGS, ENGINE_PYTHON: python, FFMPEG_PATH: ffmpeg, ...store.env, ...settings };
      const line = new SongLine(await workbench.startService(env), { folder, song, store, engineState, last });
      try {
        await line.warmUp();
        return await use(line);
      } finally {
        await line.close();
      }
    } finally {
      await store.stop();
    }
  };
  const { rounds, peaks } = await withLine({}, (line) => measureRounds(line, name, songs));
  // a process more for each call: not in the rounds above
  const accounted = new AccountedFfmpeg(folder, ffmpeg);
  const { manifests } = await withLine({ FFMPEG_PATH: accounted.path }, (line) => {
    accounted.forget();
    return line.run(songs);
  });
  const calls = mapValues(accounted.calls(), ({ seconds: cpu }) => cpu / songs);
  const analyzed = await withLine({ ANALYSIS: 'always' }, (line) => line.run(ANALYZED), 'analysis.json');
  requireEqualBits([...rounds, { manifests }, analyzed].flatMap((run) => run.manifests));
  const analysis = analyzed.cpu['children of the worker'] - median(cpuOf(rounds, 'children of the worker'));
  return { rounds, peaks, calls, analysis, stored: storedBytes(manifests[0]) };
}

async function measureRounds(line, name, songs) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await line.run(songs));
    console.log(`${name}: ${rounds.at(-1).perHour.toFixed(0)} songs an hour`);
  }
  return { rounds, peaks: await line.memory() };
}

/** The songs differ in their tags alone, so their results must have the same bits, however many run at once. */
function requireEqualBits(manifests) {
  const results = manifests.map(({ stems, original, artefacts, gainDb }) =>
    JSON.stringify([[...stems, original, ...artefacts].map(({ sha256 }) => sha256).sort(), gainDb]),
  );
  if (new Set(results).size > 1) throw new Error('songs with equal samples have different stems');
}

function storedBytes({ stems, original, artefacts }) {
  return [...stems, original, ...artefacts].reduce((sum, { bytes }) => sum + bytes, 0);
}

const cpuOf = (rounds, name) => rounds.map(({ cpu }) => cpu[name]);

/** CPU seconds of a song, by stage. */
function stagesOf({ rounds, calls }) {
  const cpu = (name) => median(cpuOf(rounds, name));
  const own = (purpose) => calls[purpose] ?? 0;
  return {
    'rest-server: upload, queue, answers': cpu('rest-server'),
    'rest-server: ffmpeg, which checks the song': cpu('ffmpeg of rest-server'),
    'worker: main thread': cpu('main thread of the worker'),
    'worker: other threads, for hashes, waveforms and files': cpu('worker') - cpu('main thread of the worker'),
    // rest-server decodes the song too
    'worker: ffmpeg, decodes the song': own('decode') / 2,
    'worker: ffmpeg, encodes masters and original': own('encode'),
    'worker: ffmpeg, for tags and its version': own('tags') + own('version'),
    'engine: host': cpu('engine'),
    "engine: the device's part, computed on the CPU here": cpu('device'),
    Redis: cpu('Redis'),
    'S3 server': cpu('S3'),
  };
}

function settings() {
  const env = Object.entries(SETTINGS).map(([name, value]) => `\`${name}=${value}\``);
  return `The network is a stub that returns the song at ${SPEED} × real time: \`engine/bench/stub_engine.py\`. It works as on a GPU, in batches and with whole songs on the device. What the device would do, torch computes here on the CPU: measuring, scaling, overlap-add and interleaving. The engine counts that CPU time by thread, apart from its own. All else is the service, with Redis and the folder store, or SeaweedFS as the S3 server, whose time includes what the benchmark asks it. Settings: ${env.join(', ')}. Songs differ in their tags alone, and all had stems of the same bits. Medians and [range] of ${ROUNDS} rounds.`;
}

function rates(lines) {
  const rows = lines.map(({ name, seconds, songs, rounds, stored }) => {
    const perHour = rounds.map((round) => round.perHour);
    const realTime = ((median(perHour) * seconds) / 3600).toFixed(0);
    return [name, songs, spread(perHour, 0), `${realTime} ×`, (stored / 1e6).toFixed(1)];
  });
  const head = ['song', 'songs in a round', 'songs an hour', 'real time', 'MB stored for a song'];
  return `## Songs an hour\n\nFrom the first upload to the last manifest, four uploads at a time.\n\n${table(head, rows)}`;
}

function stages(lines) {
  const found = lines.map(stagesOf);
  const sums = found.map((stage) => Object.values(stage).reduce((sum, seconds) => sum + seconds, 0));
  const cell = (seconds, at) => [(1000 * seconds).toFixed(0), `${((100 * seconds) / sums[at]).toFixed(0)}%`];
  const rows = Object.keys(found[0]).map((name) => [name, ...found.flatMap((stage, at) => cell(stage[name], at))]);
  const head = ['stage', ...lines.flatMap(({ name }) => [`${name}, ms`, 'share'])];
  const all = ['all', ...sums.flatMap(cell)];
  const later = lines.map(({ name, analysis }) => `${(1000 * analysis).toFixed(0)} ms (${name})`);
  return `## CPU time of a song\n\n${table(head, [...rows, all])}\n\nThe analysis is not in it: ${later.join(', ')} in processes of its own, at a low priority.`;
}

function redis(lines) {
  const fields = { requests: 'requests', commands: 'commands', bytesIn: 'bytes in' };
  const rows = lines.map(({ name, rounds }) => [
    name,
    ...Object.keys(fields).map((field) =>
      spread(
        rounds.map((round) => round.redis[field]),
        0,
      ),
    ),
  ]);
  const head = ['song', ...Object.values(fields)];
  return `## Redis\n\nFor a song, without what an idle service asks. Commands also count those that scripts call.\n\n${table(head, rows)}`;
}

function memory(lines) {
  const names = Object.keys(lines[0].peaks.processes);
  const rows = lines.map(({ name, peaks: { processes, ffmpegs } }) => [
    name,
    ...names.map((process) => mebibytes(processes[process])),
    mebibytes(ffmpegs.bytes),
    ffmpegs.number,
  ]);
  const head = ['song', ...names.map((name) => `${name}, MiB`), 'largest ffmpeg, MiB', 'ffmpegs at once'];
  return `## Peak memory\n\n${table(head, rows)}`;
}

/** What a pod could do if its cores were as fast as these, and nothing else limited it. */
function pod({ seconds, rounds }) {
  const cpu = (name) => median(cpuOf(rounds, name));
  const all = cpu('worker') + cpu('children of the worker') + cpu('engine');
  const limits = [
    [`${CORES} cores, for all of the pod`, all, CORES / all],
    ["worker's main thread", cpu('main thread of the worker'), 1 / cpu('main thread of the worker')],
    ["engine's main thread", cpu('main thread of the engine'), 1 / cpu('main thread of the engine')],
    ['one core of rest-server', cpu('rest-server'), 1 / cpu('rest-server')],
    ['one core of Redis', cpu('Redis'), 1 / cpu('Redis')],
  ].sort(([, , one], [, , other]) => one - other);
  const head = ['limit', 'CPU seconds of a song', `songs of ${seconds} s a second`];
  const rows = limits.map(([name, used, rate]) => [name, used.toFixed(3), rate.toFixed(1)]);
  return `## A pod with ${CORES} cores\n\nExtrapolated: a second has ${CORES} s of CPU time in such a pod, but only one for each main thread. A song needs what it needed here, without the device's part, and waits for nothing else. The host also starts the kernels of a GPU, which was not measured here. Wanted: ${WANTED} songs a second.\n\n${table(head, rows)}`;
}
