// `npm run test:cluster`: installs the chart in kubectl's cluster and tests it there.
// Redis and S3 are real servers in stand-ins for Bitnami's charts (subcharts/), to fetch nothing.
// With --chart they are Bitnami's own, from `helm dependency build`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClient } from '../../scripts/support/client.mjs';
import { Cluster, withStandIns } from './cluster.mjs';
import { PlainError, main } from '../../scripts/support/fail.mjs';
import { LostWorkers } from './lost-workers.mjs';
import { root, version } from '../../scripts/support/paths.mjs';
import { Release, SMALL } from './release.mjs';
import { run } from '../../scripts/support/run.mjs';
import { checkMadeOnDemand, checkStems, separateAndCheck } from './song-check.mjs';
import { until } from '../../scripts/support/until.mjs';
import { WORKERS } from './workers.mjs';

const USAGE = `npm run test:cluster -- [options]   (needs kubectl and helm, and the images of npm run test:containers)
  --load COMMAND     loads an image into the cluster, e.g. --load "kind load docker-image"
  --registry PREFIX  the images' registry (default localhost)
  --node ADDRESS     address of the NodePort (default: the first node's InternalIP)
  --chart FOLDER     chart with Bitnami's subcharts, e.g. charts/music-separation after helm dependency build
  --set KEY=VALUE    sets a value of the chart; may be repeated
  --keep             keeps the release in the cluster`;
const { values } = parseArgs({
  options: {
    load: { type: 'string' },
    registry: { type: 'string', default: 'localhost' },
    node: { type: 'string' },
    chart: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const BACKENDS = `${values.registry}/music-separation-backends:${version}`;
const SETTINGS = [
  ...SMALL,
  `images.registry=${values.registry}`,
  ...(values.chart ? [] : [`redis.standIn.image=${BACKENDS}`, `minio.standIn.image=${BACKENDS}`]),
  'workers.cpu.replicas=2',
  'workers.cpu.resources.requests.cpu=100m',
  ...values.set,
];

const cluster = new Cluster('music-separation-test');
const began = Date.now();
const secondsSince = (time) => Math.round((Date.now() - time) / 1000);
const say = (text) => console.log(`${String(secondsSince(began)).padStart(4)} s  ${text}`);
const must = (condition, message) => {
  if (!condition) throw new PlainError(message);
};

async function loadImages() {
  const [command, ...args] = values.load.split(' ');
  for (const name of ['api', 'worker', ...(values.chart ? [] : ['backends'])]) {
    const image = `${values.registry}/music-separation-${name}:${version}`;
    const { code, output } = await run(command, [...args, image], { quiet: true });
    must(code === 0, `${output}\nCannot load the image ${name}: see above.`);
  }
  say('images loaded');
}

async function client() {
  const { 'default-key': key } = await cluster.secret('separation-api-keys');
  return openClient(await cluster.address(values.node), key);
}

/** Checks that `kubectl logs deploy/logs` has lines of both services on the song, and shows the last of each. */
async function logsShow(id) {
  let last = [];
  const shows = async () => {
    const lines = (await cluster.kubectl('logs', 'deploy/logs', '--tail=2000'))
      .split('\n')
      .filter((line) => line.includes(id));
    last = ['rest-server', 'worker-server'].map((service) => lines.findLast((line) => line.includes(service)));
    return last.every((line) => line !== undefined);
  };
  must(await until(shows, { timeoutMs: 15_000 }), `deploy/logs lacks lines of both services on ${id}`);
  say(
    `kubectl logs deploy/logs shows both services on this song:\n${last.map((line) => `          ${line}`).join('\n')}`,
  );
}

async function installAndSeparate(release, folder) {
  const before = Date.now();
  await release.install();
  say(`helm install --wait took ${secondsSince(before)} s`);
  const printed = await release.test();
  say(`helm test passed:\n${printed.map((line) => `          ${line}`).join('\n')}`);

  const service = await client();
  const song = await separateAndCheck(service, join(root, 'demo', 'demo-song.mp3'));
  say(`separated a song through the NodePort: ${song.stems.join(', ')} after ${song.seconds.toFixed(1)} s`);
  const bytes = await checkMadeOnDemand(service, song.id, song.stems[0]);
  say(`${song.stems[0]}.mp3 was encoded on demand: ${bytes} bytes`);
  await logsShow(song.id);
  await new LostWorkers(cluster, say).survived(service, folder);
  return song;
}

async function changeAndComeBack(release, song) {
  const secrets = await release.secrets();
  await release.install('config.retentionHours=48', 'config.logLevel=debug');
  must((await release.secrets()) === secrets, 'an upgrade changed a Secret');
  await checkStems(await client(), song.id);
  say('helm upgrade with other values kept the Secrets and the songs');
  say(`helm upgrade refused ${await release.refusals()} contradictions, each with its message`);
  const reason = await release.missingModel(WORKERS);
  say(`a worker without its model is not ready, does not restart, and logs: ${reason}`);

  await release.uninstall();
  await release.install();
  must((await release.secrets()) === secrets, 'a reinstall changed a Secret');
  await checkStems(await client(), song.id);
  say('helm uninstall and install kept the Secrets and the songs');
}

async function testRelease(chart, folder) {
  const release = new Release(cluster, chart, SETTINGS);
  try {
    // the namespace enforces the restricted Pod Security Standard
    const enforced = 'pod-security.kubernetes.io/enforce=restricted';
    await cluster.kubectl('create', 'namespace', cluster.namespace).catch(() => undefined);
    await cluster.kubectl('label', 'namespace', cluster.namespace, enforced, '--overwrite');
    await changeAndComeBack(release, await installAndSeparate(release, folder));
  } finally {
    if (!values.keep) await release.remove();
  }
}

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  const { gitVersion } = JSON.parse(await cluster.kubectl('get', '--raw', '/version'));
  say(`Kubernetes ${gitVersion}`);
  if (values.load !== undefined) await loadImages();
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  try {
    const test = (chart) => testRelease(chart, folder);
    await (values.chart ? test(values.chart) : withStandIns(test));
  } finally {
    rmSync(folder, { recursive: true });
  }
  say('done');
});
