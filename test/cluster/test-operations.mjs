// `npm run test:operations`: installs the chart in kubectl's cluster, and works on it while songs run.
// After each step, the song in progress must complete, and every song so far must be as its receipt says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClient } from '../../scripts/support/client.mjs';
import { PlainError, main } from '../../scripts/support/fail.mjs';
import { root, version } from '../../scripts/support/paths.mjs';
import { run } from '../../scripts/support/run.mjs';
import { until } from '../../scripts/support/until.mjs';
import { Availability } from './availability.mjs';
import { Cluster, withStandIns } from './cluster.mjs';
import { Operations, untilBusy } from './operations.mjs';
import { Release, SMALL } from './release.mjs';
import { checkStems, completed, separateAndCheck, upload, writeLongSong } from './song-check.mjs';
import { workersReady } from './workers.mjs';

const USAGE = `npm run test:operations -- [options]   (needs kubectl and helm, and the images of npm run test:containers)
  --load COMMAND     loads an image into the cluster, e.g. --load "kind load docker-image"
  --registry PREFIX  the images' registry (default localhost)
  --node ADDRESS     address of the NodePort (default: the first node's InternalIP)
  --next TAG         tag of the same images for the upgrade (default VERSION-next)
  --values FILE      values of every install (default: the stores on official images)
  --set KEY=VALUE    sets a value of the chart; may be repeated
  --stop COMMAND     stops the cluster, e.g. "docker stop kind-control-plane"; without it, that step is left out
  --start COMMAND    starts it again
  --only TEXT        only the steps whose names contain this; may be repeated
  --song-seconds N   length of the songs to interrupt (default 600)
  --keep             keeps the release in the cluster`;
const { values } = parseArgs({
  options: {
    load: { type: 'string' },
    registry: { type: 'string', default: 'localhost' },
    node: { type: 'string' },
    next: { type: 'string', default: `${version}-next` },
    values: { type: 'string', default: join(root, 'charts', 'music-separation', 'ci', 'official-stores-values.yaml') },
    set: { type: 'string', multiple: true, default: [] },
    stop: { type: 'string' },
    start: { type: 'string' },
    only: { type: 'string', multiple: true },
    'song-seconds': { type: 'string', default: '600' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const SETTINGS = [
  ...SMALL,
  `images.registry=${values.registry}`,
  'workers.cpu.replicas=2',
  'workers.cpu.resources.requests.cpu=100m',
  ...values.set,
];
const STORES = ['docker.io/valkey/valkey:9.1', 'docker.io/chrislusf/seaweedfs:4.48'];

const cluster = new Cluster('music-operations');
const began = Date.now();
const say = (text) => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
const rows = [];
/** ids of all songs so far */
const kept = [];

async function loadImages() {
  const [command, ...args] = values.load.split(' ');
  const ours = ['api', 'worker'].flatMap((name) =>
    [version, values.next].map((tag) => `${values.registry}/music-separation-${name}:${tag}`),
  );
  for (const image of [...ours, ...STORES]) {
    const { code, output } = await run(command, [...args, image], { quiet: true });
    if (code !== 0) throw new PlainError(`${output}\nCannot load the image ${image}: see above.`);
  }
  say('images loaded');
}

async function connect() {
  const { 'default-key': key } = await cluster.secret('separation-api-keys');
  return openClient(await cluster.address(values.node), key);
}

/**
 * Does something while a song is being separated, and checks that nothing is lost.
 * @param {(context: { id: string, song: string }) => Promise<string | { saw: string, also: string }>} act also: the id
 * of another song that it uploaded
 */
async function during(folder, what, act) {
  const [song, another] = ['interrupted.wav', 'another.wav'].map((name) => join(folder, name));
  writeLongSong(song, Number(values['song-seconds']));
  writeLongSong(another, 20);
  await workersReady(cluster, 2);
  const { id } = await upload(await connect(), song);
  const percent = await untilBusy(await connect(), id);
  const availability = new Availability(connect);
  const acted = Date.now();
  const done = await act({ id, song: another });
  const { saw, also } = typeof done === 'string' ? { saw: done } : done;
  await answering();
  const client = await connect();
  kept.push(id, ...(also === undefined ? [] : [also]));
  await completed(client, id);
  const seconds = Math.round((Date.now() - acted) / 1000);
  const silent = await availability.stop();
  for (const each of kept) {
    await completed(client, each);
    await checkStems(client, each);
  }
  rows.push([what, saw, `${Math.floor(percent)} %`, `${seconds} s`, `${silent.toFixed(1)} s`, `all ${kept.length}`]);
  say(`${rows.at(-1).join(' | ')}`);
}

async function answering() {
  const answers = () =>
    connect()
      .then((client) => client.list({ limit: 1, signal: AbortSignal.timeout(5000) }))
      .then(
        () => true,
        () => false,
      );
  if (!(await until(answers, { timeoutMs: 180_000 }))) throw new PlainError('rest-server no longer answers');
}

async function work(chart, folder) {
  const release = new Release(cluster, chart, SETTINGS, values.values);
  const operations = new Operations(cluster, release, folder);
  const step = async (what, act) => {
    if (values.only?.every((text) => !what.includes(text))) return;
    await during(folder, what, act);
  };
  const before = Date.now();
  await release.install();
  const installed = Math.round((Date.now() - before) / 1000);
  const client = await connect();
  const song = await separateAndCheck(client, join(root, 'demo', 'demo-song.mp3'));
  // with --keep, those of earlier runs too
  kept.push(...(await client.list({ status: 'completed', limit: 100 })).separations.map(({ id }) => id));
  rows.push([
    'install, and a song',
    `ready after ${installed} s`,
    '–',
    `${song.seconds.toFixed(1)} s`,
    '–',
    `all ${kept.length}`,
  ]);
  say(rows.at(-1).join(' | '));

  await step('the worker with the song is evicted', (context) => operations.evict(context));
  await step('rolling upgrade to another image', () => operations.upgradeImages({ tag: values.next }));
  await step('`helm rollback`', () => operations.rollback({ revision: 1, tag: version }));
  await step('workers to 0 and back', (context) => operations.workersToZero({ ...context, connect }));
  await step('rest-server, workers and logs to 0 and back', () => operations.allToZero());
  await step('the pod of Redis is deleted', () => operations.deletePod('valkey-0'));
  await step('the pod of the store is deleted', () => operations.deletePod('seaweedfs-0'));
  if (values.stop !== undefined && values.start !== undefined) {
    await step('the cluster is stopped and started', () => operations.restartCluster(values));
  }
  await step('`helm uninstall`, and install again', () => operations.reinstall());
}

function table() {
  const head = [
    'step',
    'what was seen',
    'song was at',
    'it completed after',
    'longest time without an answer',
    'songs intact',
  ];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  const { gitVersion } = JSON.parse(await cluster.kubectl('get', '--raw', '/version'));
  say(`Kubernetes ${gitVersion}`);
  if (values.load !== undefined) await loadImages();
  const folder = mkdtempSync(join(tmpdir(), 'operations-'));
  try {
    const enforced = 'pod-security.kubernetes.io/enforce=restricted';
    await cluster.kubectl('create', 'namespace', cluster.namespace).catch(() => undefined);
    await cluster.kubectl('label', 'namespace', cluster.namespace, enforced, '--overwrite');
    await withStandIns((chart) => work(chart, folder));
  } finally {
    console.log(table());
    rmSync(folder, { recursive: true });
    if (!values.keep)
      await run('kubectl', ['delete', 'namespace', cluster.namespace, '--timeout=180s'], { quiet: true });
  }
  say('done');
});
