// `npm run test:cluster`: installs the chart into the cluster that kubectl points to, and shows that it keeps its word.
// Redis and S3 are real servers in stand-ins for Bitnami's charts (test/cluster), so that nothing is fetched.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ServiceClient } from './support/client.mjs';
import { Cluster, withChart } from './support/cluster.mjs';
import { PlainError, main } from './support/fail.mjs';
import { root } from './support/paths.mjs';
import { run } from './support/run.mjs';
import { checkStems, completed, separateAndCheck, upload, writeLongSong } from './support/song-check.mjs';
import { until } from './support/until.mjs';

const USAGE = `npm run test:cluster -- [options]   (needs kubectl and helm, and the images of npm run test:containers)
  --load COMMAND     brings an image into the cluster, e.g. --load "kind load docker-image"
  --registry PREFIX  where the cluster finds the images otherwise (default localhost)
  --node ADDRESS     where a NodePort is reached (default: the first node's InternalIP)
  --keep             leaves the release in the cluster`;
const { values } = parseArgs({
  options: {
    load: { type: 'string' },
    registry: { type: 'string', default: 'localhost' },
    node: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const RELEASE = 'songs';
const LONG_SONG_SECONDS = 900;
const cluster = new Cluster('music-separation-test');
const SAYS_MISSING = /[^\n.:\\]*htdemucs[^\n.:\\]*(not installed|missing|not there)[^\n\\]*/i;
const WORKERS = 'separation/worker=true';
const SETTINGS = [
  `images.registry=${values.registry}`,
  `redis.standIn.image=${values.registry}/music-separation-backends:0.1.0`,
  `minio.standIn.image=${values.registry}/music-separation-backends:0.1.0`,
  'models.default=demo',
  'models.source=baked',
  'workers.cpu.replicas=2',
  'workers.cpu.resources.requests.cpu=100m',
  'workers.cpu.resources.requests.memory=256Mi',
  'workers.cpu.shutdownGraceSeconds=5',
  'restServer.resources.requests.cpu=50m',
].flatMap((setting) => ['--set', setting]);

const began = Date.now();
const say = (text) => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
const must = (condition, sentence) => {
  if (!condition) throw new PlainError(sentence);
};

async function loadImages() {
  for (const name of ['api', 'worker', 'backends']) {
    const [command, ...args] = values.load.split(' ');
    const { code, output } = await run(command, [...args, `${values.registry}/music-separation-${name}:0.1.0`], {
      quiet: true,
    });
    must(code === 0, `${output}\nThe image ${name} could not be loaded: see above.`);
  }
  say('images loaded');
}

async function install(chart, ...more) {
  await cluster.helm(
    'upgrade',
    '--install',
    RELEASE,
    chart,
    '--create-namespace',
    '--wait',
    '--timeout',
    '5m',
    ...SETTINGS,
    ...more,
  );
}

async function client() {
  const { 'default-key': key } = await cluster.secret('separation-api-keys');
  return new ServiceClient(await cluster.address(values.node), key);
}

async function logsShow(id) {
  const shows = async () => {
    const lines = (await cluster.kubectl('logs', 'deploy/logs', '--tail=2000'))
      .split('\n')
      .filter((line) => line.includes(id));
    return ['rest-server', 'worker-server'].every((service) => lines.some((line) => line.includes(service)));
  };
  must(await until(shows, { timeoutMs: 15_000 }), `deploy/logs does not show both services on ${id}`);
  say('kubectl logs deploy/logs shows rest-server and worker-server on this song');
}

/** The pod that works on the song now, as its log says; `than` has had it. */
async function podThatWorksOn(id, than) {
  for (const { metadata } of await cluster.pods(WORKERS)) {
    if (metadata.name === than) continue;
    const log = await cluster.kubectl('logs', metadata.name).catch(() => '');
    if (log.includes(`${id}] separating`)) return metadata.name;
  }
  return undefined;
}

/** @returns the next worker that took the song up */
async function moveOn(service, id, pod, how) {
  const { progress } = await service.separation(id, AbortSignal.timeout(10_000));
  must(progress.percent < 100, 'the long song was over before its worker could be deleted');
  const deleted = Date.now();
  await cluster.kubectl('delete', 'pod', pod, '--wait=false', ...how);
  let next;
  const taken = async () => (next = await podThatWorksOn(id, pod)) !== undefined;
  must(await until(taken, { timeoutMs: 60_000 }), `nobody took ${id} up`);
  say(
    `worker deleted ${how.length === 0 ? 'politely' : 'by force'} at ${Math.round(progress.percent)} % of a song of ` +
      `${LONG_SONG_SECONDS / 60} min: another took it up ${Math.round((Date.now() - deleted) / 1000)} s later`,
  );
  return next;
}

async function survivesDeletedWorkers(service, folder) {
  const song = join(folder, 'long.wav');
  writeLongSong(song, LONG_SONG_SECONDS);
  const { id } = await upload(service, song);
  let pod;
  must(
    await until(async () => (pod = await podThatWorksOn(id)) !== undefined, { timeoutMs: 120_000 }),
    'no worker came',
  );
  const second = await moveOn(service, id, pod, []);
  await moveOn(service, id, second, ['--grace-period=0', '--force']);
  await completed(service, id);
  await checkStems(service, id);
  say('the song is complete, every stem as its receipt says');
}

async function secretsNow() {
  const names = [['separation-redis'], ['separation-s3'], ['separation-s3', 'minio-ns'], ['separation-api-keys']];
  return JSON.stringify(await Promise.all(names.map((name) => cluster.secret(...name))));
}

async function missingModelIsSaid(chart) {
  await cluster.helm('upgrade', RELEASE, chart, ...SETTINGS, '--set', 'models.default=htdemucs');
  let log = '';
  const says = async () => {
    const newest = (await cluster.pods(WORKERS)).find(({ spec }) =>
      JSON.stringify(spec.containers[0].env).includes('"htdemucs"'),
    );
    log = newest === undefined ? '' : await cluster.kubectl('logs', newest.metadata.name).catch(() => '');
    const state = newest?.status.containerStatuses?.[0];
    return state?.started === true && !state.ready && state.restartCount === 0 && SAYS_MISSING.test(log);
  };
  must(await until(says, { timeoutMs: 90_000 }), `${log}\na worker without its model does not say so: see above`);
  const [reason] = SAYS_MISSING.exec(log);
  say(`a worker whose model is missing is not ready, is not restarted, and its log says: ${reason}`);
  await cluster.helm('rollback', RELEASE, '--wait', '--timeout', '5m');
}

async function removeAll() {
  await run('helm', ['-n', cluster.namespace, 'uninstall', RELEASE, '--wait'], { quiet: true });
  await run('kubectl', ['delete', 'namespace', cluster.namespace, 'minio-ns', '--ignore-not-found', '--timeout=120s'], {
    quiet: true,
  });
}

async function testRelease(chart, folder) {
  // what the restricted Pod Security Standard refuses does not start here
  const enforced = 'pod-security.kubernetes.io/enforce=restricted';
  await cluster.kubectl('create', 'namespace', cluster.namespace).catch(() => undefined);
  await cluster.kubectl('label', 'namespace', cluster.namespace, enforced, '--overwrite');
  const before = Date.now();
  await install(chart);
  say(`helm install --wait took ${Math.round((Date.now() - before) / 1000)} s`);
  await cluster.helm('test', RELEASE, '--logs', '--timeout', '5m');
  say('helm test passed: rest-server, Redis, a song');

  const service = await client();
  const first = await separateAndCheck(service, join(root, 'demo', 'demo-song.mp3'));
  say(`a song through the NodePort: ${first.stems.join(', ')} after ${first.seconds.toFixed(1)} s`);
  await logsShow(first.id);
  await survivesDeletedWorkers(service, folder);

  const secrets = await secretsNow();
  await install(chart, '--set', 'config.retentionHours=48', '--set', 'config.logLevel=debug');
  must((await secretsNow()) === secrets, 'an upgrade changed a Secret');
  await checkStems(await client(), first.id);
  say('helm upgrade with other values: the Secrets and the songs are the same');
  await missingModelIsSaid(chart);

  await cluster.helm('uninstall', RELEASE, '--wait');
  await install(chart);
  must((await secretsNow()) === secrets, 'a reinstall changed a Secret');
  await checkStems(await client(), first.id);
  say('helm uninstall and install: the same Secrets, and the songs are there');
}

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  const { gitVersion } = JSON.parse(await cluster.kubectl('get', '--raw', '/version'));
  say(`Kubernetes ${gitVersion}`);
  if (values.load !== undefined) await loadImages();
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  try {
    await withChart((chart) => testRelease(chart, folder));
  } finally {
    rmSync(folder, { recursive: true });
    if (!values.keep) await removeAll();
  }
  say('done');
});
