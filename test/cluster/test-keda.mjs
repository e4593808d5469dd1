// `npm run test:keda`: the workers of kubectl's cluster are scaled by the queue, from zero and back, by the KEDA there
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openClient } from '../../scripts/support/client.mjs';
import { PlainError, main } from '../../scripts/support/fail.mjs';
import { root } from '../../scripts/support/paths.mjs';
import { run } from '../../scripts/support/run.mjs';
import { until } from '../../scripts/support/until.mjs';
import { Cluster, withStandIns } from './cluster.mjs';
import { Release, SMALL } from './release.mjs';
import { ScalingLog } from './scaling-log.mjs';
import { checkStems, completed, upload, writeLongSong } from './song-check.mjs';
import { whoHas } from './workers.mjs';

const USAGE = `npm run test:keda -- [options]   (needs kubectl, helm, KEDA in the cluster, and the images loaded into it)
  --registry PREFIX  the images' registry (default localhost)
  --node ADDRESS     address of the NodePort (default: the first node's InternalIP)
  --values FILE      values of the install (default: the stores on official images)
  --set KEY=VALUE    sets a value of the chart; may be repeated
  --only PART        from-zero or scale-in (default: both)
  --song-seconds N   length of the song that a worker loses while it scales in (default 900)
  --keep             keeps the release in the cluster`;
const { values } = parseArgs({
  options: {
    registry: { type: 'string', default: 'localhost' },
    node: { type: 'string' },
    values: { type: 'string', default: join(root, 'charts', 'music-separation', 'ci', 'official-stores-values.yaml') },
    set: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    'song-seconds': { type: 'string', default: '900' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const MOST = 3;
const SHORT_SECONDS = 60;
const COOLDOWN_SECONDS = 10;
const SCALED_MS = 300_000;
const LOGGED_MS = 20_000;
const DEPLOYMENT = 'worker-server';
const KEYS = 'two-owners';
/** the pod that is removed first */
const FIRST_OUT = 'controller.kubernetes.io/pod-deletion-cost=-100';
const scale = 'workers.cpu.autoscaling';
const SETTINGS = [
  ...SMALL,
  `images.registry=${values.registry}`,
  `apiKeys.existingSecret=${KEYS}`,
  `${scale}.mode=keda`,
  `${scale}.minReplicas=0`,
  `${scale}.maxReplicas=${MOST}`,
  `${scale}.pollingSeconds=2`,
  `${scale}.cooldownSeconds=${COOLDOWN_SECONDS}`,
  'workers.cpu.resources.requests.cpu=50m',
  'restServer.replicas=1',
  ...values.set,
];

const cluster = new Cluster('music-keda');
const began = Date.now();
const say = (text) => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
const must = (condition, message) => {
  if (!condition) throw new PlainError(message);
};
const rows = [];
const tell = (what, saw) => {
  rows.push([what, saw]);
  say(`${what}: ${saw}`);
};

/** @returns {Promise<Record<'ann' | 'bob', string>>} their keys; only the hashes are in the cluster */
async function twoOwners() {
  const keys = { ann: randomBytes(24).toString('hex'), bob: randomBytes(24).toString('hex') };
  const line = ([name, key]) => `${name}:${createHash('sha256').update(key).digest('hex')}\n`;
  const lines = Object.entries(keys).map(line).join('');
  await cluster.kubectl('create', 'secret', 'generic', KEYS, `--from-literal=api-keys=${lines}`);
  return keys;
}

/** @returns {Promise<{ at: number, text: string }[]>} what the events of a separation showed, each change once */
async function followed(client, id) {
  const seen = [];
  for await (const { status, progress, queue } of client.events(id, { signal: AbortSignal.timeout(600_000) })) {
    const place = queue && `queued, position ${queue.position}, ${queue.workers} workers, ${eta(queue)}`;
    const text = place ?? (status === 'processing' ? `processing, ${progress.stage}` : status);
    if (seen.at(-1)?.text !== text) seen.push({ at: Date.now(), text });
  }
  return seen;
}

function eta({ etaSeconds }) {
  return etaSeconds === null ? 'no ETA' : 'with an ETA';
}

async function fromZero({ ann, bob }, folder, log) {
  const songs = [];
  const sent = Date.now();
  for (const [owner, client] of [...Array.from({ length: 4 }, () => ['ann', ann]), ['bob', bob]]) {
    const file = join(folder, `${songs.length}.wav`);
    writeLongSong(file, SHORT_SECONDS);
    songs.push({ owner, client, id: (await upload(client, file)).id });
  }
  const last = songs.at(-1);
  const { status, queue } = await bob.status(last.id);
  must(status === 'queued', `the last song is ${status} before a worker could start`);
  // ann has four songs ahead of his, and takes one turn before him at most
  must(queue.position <= 2, `bob's song is at position ${queue.position}, behind all of ann's`);
  tell("bob's song, sent after four of ann's", `position ${queue.position} of 5`);
  const events = followed(ann, songs[0].id);
  await owners(songs);
  for (const { client, id } of songs) await completed(client, id);
  for (const { client, id } of songs) await checkStems(client, id);
  const shown = (await events).map(({ at, text }) => `${text} (${Math.round((at - sent) / 1000)} s)`);
  tell("what ann's event stream showed", shown.join('; '));
  tell('pods of workers', log.since(sent));
  must(log.most() > 1, `KEDA started ${log.most()} pods for five songs`);
  tell('five songs', 'all completed, every stem as its receipt says');
  const started = await Promise.all(
    songs.map(async ({ owner, client, id }) => [(await client.status(id)).startedAt, owner]),
  );
  tell(
    'order in which they began',
    started
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([, owner]) => owner)
      .join(', '),
  );
}

async function owners(songs) {
  const [{ client: ann, id }, { client: bob }] = [songs[0], songs.at(-1)];
  const foreign = await bob.call(`/v1/separations/${id}`).then(
    () => 200,
    ({ status }) => status,
  );
  must(foreign === 404, `bob's key gets ${foreign} for ann's song`);
  const counts = await Promise.all([ann, bob].map(async (client) => (await client.list()).separations.length));
  must(counts.join() === '4,1', `ann and bob list ${counts.join(' and ')} songs`);
  tell('what each key sees', '4 and 1 songs; the other key gets 404');
}

/** The pod with the long song is the one that goes when the short songs are done. */
async function scaleIn({ ann, bob }, folder, log) {
  const [long, short] = ['long.wav', 'short.wav'].map((name) => join(folder, name));
  writeLongSong(long, Number(values['song-seconds']));
  const sent = Date.now();
  const { id } = await upload(ann, long);
  const others = [];
  for (let index = 0; index < 2; index++) {
    writeLongSong(short, SHORT_SECONDS);
    others.push(await upload(bob, short));
  }
  const pod = await whoHas(cluster, id);
  await cluster.kubectl('annotate', 'pod', pod, FIRST_OUT);
  for (const other of others) await completed(bob, other.id);
  const isGone = async () =>
    (await cluster.pods(`app.kubernetes.io/name=${DEPLOYMENT}`)).every(({ metadata }) => metadata.name !== pod);
  must(await until(isGone, { timeoutMs: SCALED_MS }), `${pod} was not removed while it scaled in`);
  const { progress, status } = await ann.status(id);
  must(status !== 'completed', 'the long song ended before its pod was removed: give it more --song-seconds');
  const next = await whoHas(cluster, id, new Set([pod]));
  const percent = Math.floor(progress.percent);
  await completed(ann, id);
  await checkStems(ann, id);
  await completedOnce(id);
  tell(
    'the pod of a running song is removed by scaling in',
    `at ${percent} %; ${next === pod ? 'it' : 'another pod'} took the song`,
  );
  tell('that song', 'completed once, every stem as its receipt says');
  tell('pods of workers meanwhile', log.since(sent));
}

/** Reads what all workers logged: the pods themselves are gone. */
async function completedOnce(id) {
  let times;
  const isLogged = async () => {
    times = (await cluster.kubectl('logs', 'deployment/logs')).split(`${id}] completed`).length - 1;
    return times > 0;
  };
  await until(isLogged, { timeoutMs: LOGGED_MS });
  must(times === 1, `${id} completed ${times} times, says the log of all workers`);
}

const PARTS = { 'from-zero': fromZero, 'scale-in': scaleIn };

async function work(chart, folder) {
  const keys = await twoOwners();
  const release = new Release(cluster, chart, SETTINGS, values.values);
  await release.install();
  say('installed');
  const log = new ScalingLog(cluster, DEPLOYMENT);
  try {
    const zero = () => until(async () => log.now() === 0, { timeoutMs: SCALED_MS });
    must(await zero(), 'KEDA did not scale the workers to 0');
    tell('no songs', 'no worker');
    const address = await cluster.address(values.node);
    const [ann, bob] = await Promise.all([keys.ann, keys.bob].map((key) => openClient(address, key)));
    for (const [part, act] of Object.entries(PARTS)) {
      if (values.only === undefined || values.only === part) await act({ ann, bob }, folder, log);
    }
    const ended = Date.now();
    must(await zero(), 'KEDA did not scale the workers to 0 again');
    tell(
      'the last song is done',
      `no worker ${Math.round((Date.now() - ended) / 1000)} s later (cooldown ${COOLDOWN_SECONDS} s)`,
    );
  } finally {
    await log.close();
  }
}

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  must(values.only === undefined || values.only in PARTS, `Unknown part ${values.only}.\n${USAGE}`);
  must((await cluster.kubectl('api-versions')).includes('keda.sh/'), 'The cluster has no KEDA: install it first.');
  const folder = mkdtempSync(join(tmpdir(), 'keda-'));
  try {
    await cluster.kubectl('create', 'namespace', cluster.namespace);
    await withStandIns((chart) => work(chart, folder));
  } finally {
    console.log([['what', 'what was seen'], ['---', '---'], ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n'));
    rmSync(folder, { recursive: true });
    if (!values.keep)
      await run('kubectl', ['delete', 'namespace', cluster.namespace, '--timeout=180s'], { quiet: true });
  }
});
