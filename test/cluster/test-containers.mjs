// `npm run test:containers`: builds both images and separates a song in containers, on a real Redis and S3 server.
// They run as user 1000, with read-only roots and without capabilities. Needs podman or docker.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ServiceClient } from '../../scripts/support/client.mjs';
import { Containers } from './containers.mjs';
import { PlainError, main } from '../../scripts/support/fail.mjs';
import { root } from '../../scripts/support/paths.mjs';
import { freePort } from '../../scripts/service/ports.mjs';
import { checkArchive, checkMadeOnDemand, separateAndCheck } from './song-check.mjs';
import { until } from '../../scripts/support/until.mjs';

const USAGE = `npm run test:containers -- [options]
  --engine NAME       podman (default) or docker
  --node-image IMAGE  base image (default node:24-bookworm-slim)
  --song FILE         default demo/demo-song.mp3
  --no-build          uses the images of the last run`;
const HOST = '127.0.0.1';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'podman' },
    'node-image': { type: 'string', default: 'node:24-bookworm-slim' },
    song: { type: 'string', default: join(root, 'demo', 'demo-song.mp3') },
    'no-build': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const containers = new Containers(values.engine);

/** @returns {Promise<string>} rest-server's URL */
async function startService() {
  const env = { ...(await containers.startBackends()), MODEL: 'demo', HOST };
  const [port, workerPort] = [await freePort(HOST), await freePort(HOST)];
  const begin = Date.now();
  await containers.start('rest-server', 'api', { ...env, PORT: port }, { volumes: ['/tmp'] });
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

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  if (!values['no-build']) await containers.build(values['node-image']);
  for (const name of ['api', 'worker']) console.log(`${name}: ${await containers.size(name)} MB`);
  try {
    const client = new ServiceClient(await startService());
    const { id, seconds, stems } = await separateAndCheck(client, values.song);
    console.log(`${id}: ${stems.join(', ')} after ${seconds.toFixed(1)} s, all matching the receipt`);
    const bytes = await checkMadeOnDemand(client, id, stems[0]);
    console.log(`${stems[0]}.mp3 was encoded on demand: ${bytes} bytes`);
    console.log(`archive.zip: ${await checkArchive(client, id)} bytes`);
    await logsShow(id);
  } finally {
    await containers.remove();
  }
});
