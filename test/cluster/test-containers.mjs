// `npm run test:containers`: builds the images and separates songs in containers. Needs podman or docker, and compose.
// - services: rest-server, worker-server and logs on a real Redis and S3 server
// - single: the image that holds the whole service
// - compose: compose.yaml with its profiles
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClient } from '../../scripts/support/client.mjs';
import { checkCompose } from './compose-check.mjs';
import { Containers, imageName } from './containers.mjs';
import { PlainError, main } from '../../scripts/support/fail.mjs';
import { root } from '../../scripts/support/paths.mjs';
import { freePort } from '../../scripts/service/ports.mjs';
import { checkSingleImage } from './single-image.mjs';
import { checkArchive, checkMadeOnDemand, separateAndCheck } from './song-check.mjs';
import { until } from '../../scripts/support/until.mjs';

const USAGE = `npm run test:containers -- [options]
  --engine NAME       podman (default) or docker
  --node-image IMAGE  base image (default node:24-bookworm-slim)
  --song FILE         default demo/demo-song.mp3
  --no-build          uses the images of the last run
  --only PARTS        of services,single,compose (default: all)
  --compose COMMAND   default \`podman-compose\` with podman, else \`docker compose\`
  --stand-ins         builds stand-ins for the public images of compose.yaml, where no registry can be reached`;
const PARTS = { services: ['api', 'worker', 'backends'], single: ['all'], compose: ['api', 'worker'] };
const STAND_INS = ['valkey/valkey:9.1', 'chrislusf/seaweedfs:4.48', 'library/caddy:2'];
const HOST = '127.0.0.1';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'podman' },
    'node-image': { type: 'string', default: 'node:24-bookworm-slim' },
    song: { type: 'string', default: join(root, 'demo', 'demo-song.mp3') },
    'no-build': { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    compose: { type: 'string' },
    'stand-ins': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const containers = new Containers(values.engine);

/** @returns {Promise<string>} rest-server's URL */
async function startService() {
  const env = { ...(await containers.startBackends()), MODEL: 'demo', HOST };
  const [port, workerPort] = [await freePort(HOST), await freePort(HOST)];
  const begin = Date.now();
  await containers.start('rest-server', 'api', { ...env, PORT: port, SCRATCH_DIR: '/tmp' }, { volumes: ['/tmp'] });
  await containers.start('logs', 'api', env, { command: ['node', 'dist/apps/logs/apps/logs/src/main.js'] });
  const places = { SCRATCH_DIR: '/scratch', ENGINE_CACHE_DIR: '/cache' };
  const worker = { ...env, ...places, WORKER_PORT: workerPort };
  await containers.start('worker-server', 'worker', worker, { volumes: ['/tmp', '/scratch', '/cache'] });
  await Promise.all([containers.ready(port, 'rest-server'), containers.ready(workerPort, 'worker-server')]);
  console.log(`ready after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  return `http://${HOST}:${port}`;
}

async function logsShow(id) {
  const logged = async () => {
    const lines = (await containers.logs('logs')).split('\n').filter((line) => line.includes(id));
    return ['rest-server', 'worker-server'].every((service) => lines.some((line) => line.includes(service)));
  };
  if (!(await until(logged, { timeoutMs: 10_000 })))
    throw new PlainError(`logs printed no lines of both services on ${id}`);
  console.log('logs printed the lines of rest-server and worker-server');
}

async function checkServices() {
  const client = await openClient(await startService());
  const { id, seconds, stems } = await separateAndCheck(client, values.song);
  console.log(`${id}: ${stems.join(', ')} after ${seconds.toFixed(1)} s, all matching the receipt`);
  const bytes = await checkMadeOnDemand(client, id, stems[0]);
  console.log(`${stems[0]}.mp3 was encoded on demand: ${bytes} bytes`);
  console.log(`archive.zip: ${await checkArchive(client, id)} bytes`);
  await logsShow(id);
}

async function build(parts) {
  const images = new Set(parts.flatMap((part) => PARTS[part]));
  if (values['stand-ins']) images.add('stand-ins');
  await containers.build(values['node-image'], [...images]);
  if (!values['stand-ins']) return;
  for (const name of STAND_INS) await containers.run('tag', imageName('stand-ins'), `docker.io/${name}`);
}

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  const parts = values.only.split(',');
  const unknown = parts.filter((part) => !(part in PARTS));
  if (unknown.length > 0) throw new PlainError(`Unknown part ${unknown.join(', ')}.\n${USAGE}`);
  if (!values['no-build']) await build(parts);
  for (const name of new Set(parts.flatMap((part) => PARTS[part]))) {
    console.log(`${name}: ${await containers.size(name)} MB`);
  }
  try {
    if (parts.includes('services')) await checkServices();
    if (parts.includes('single')) await checkSingleImage(containers, values.song, values.engine);
    if (parts.includes('compose')) {
      const command = values.compose ?? (values.engine === 'podman' ? 'podman-compose' : 'docker compose');
      await checkCompose(containers, command, values.song);
    }
  } finally {
    await containers.remove();
  }
});
