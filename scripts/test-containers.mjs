// `npm run test:containers`: builds both images and separates a song through containers of them: as user 1000, with
// read-only roots and without capabilities, on a real Redis and a real S3 server. Needs podman or docker.
import { randomUUID } from 'node:crypto';
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ServiceClient } from './support/client.mjs';
import { PlainError, main } from './support/fail.mjs';
import { root } from './support/paths.mjs';
import { freePort } from './support/ports.mjs';
import { run } from './support/run.mjs';
import { separateAndCheck } from './support/song-check.mjs';
import { until } from './support/until.mjs';

const USAGE = `npm run test:containers -- [options]
  --engine NAME       podman (default) or docker
  --node-image IMAGE  base of both images (default node:24-bookworm-slim)
  --song FILE         default demo/demo-song.mp3
  --no-build          the images of the last run`;
const READY_MS = 120_000;
const IMAGES = { api: 'Dockerfile.api', worker: 'Dockerfile.worker', backends: 'test/cluster/Dockerfile' };
const HARDENED = ['--user=1000:1000', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'podman' },
    'node-image': { type: 'string', default: 'node:24-bookworm-slim' },
    song: { type: 'string', default: join(root, 'demo', 'demo-song.mp3') },
    'no-build': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const imageName = (name) => `localhost/music-separation-${name}:0.1.0`;
const runName = `separation-${randomUUID().slice(0, 8)}`;

async function engine(...args) {
  const { code, output } = await run(values.engine, args, { quiet: true });
  if (code !== 0) throw new PlainError(`${output}\n${values.engine} ${args[0]} failed: see above.`);
  return output.trim();
}

async function buildImages() {
  for (const [name, file] of Object.entries(IMAGES)) {
    const begin = Date.now();
    const extra = values.engine === 'podman' ? ['--format=docker', '--isolation=oci'] : [];
    const from = `NODE_IMAGE=${values['node-image']}`;
    await engine(
      'build',
      ...extra,
      '--network=host',
      '--tag',
      imageName(name),
      '--file',
      file,
      '--build-arg',
      from,
      root,
    );
    console.log(`built ${name} in ${Math.round((Date.now() - begin) / 1000)} s`);
  }
}

async function start(name, image, env, { volumes = [], command = [] } = {}) {
  const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  const mounts = volumes.flatMap((path) => ['--tmpfs', `${path}:rw,mode=1777`]);
  await engine(
    'run',
    '--detach',
    '--network=host',
    ...HARDENED,
    '--name',
    `${runName}-${name}`,
    ...variables,
    ...mounts,
    imageName(image),
    ...command,
  );
}

async function ready(port, name) {
  const answers = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    return answer?.ok === true;
  };
  if (await until(answers, { timeoutMs: READY_MS })) return;
  throw new PlainError(`${await engine('logs', `${runName}-${name}`)}\n${name} did not become ready: see above.`);
}

async function startBackends() {
  const [redis, s3] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  await start(
    'redis',
    'backends',
    {},
    {
      volumes: ['/data'],
      command: [
        'redis-server',
        '--port',
        String(redis),
        '--bind',
        '127.0.0.1',
        '--dir',
        '/data',
        '--maxmemory-policy',
        'noeviction',
        '--appendonly',
        'yes',
      ],
    },
  );
  const identities = [
    {
      name: 'songs',
      credentials: [{ accessKey: 'containers', secretKey: runName }],
      actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
    },
  ];
  const ports = await Promise.all(
    ['master', 'master.grpc', 'volume', 'volume.grpc', 'filer', 'filer.grpc', 's3.grpc'].map(async () =>
      freePort('127.0.0.1'),
    ),
  );
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3Grpc] = ports;
  const weed = `weed server -dir=/data -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.peers=none -master.telemetry=false -master.volumeSizeLimitMB=64 -volume.max=0 -filer -s3 -s3.port=${s3} -s3.config=/tmp/s3.json -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0 -master.port=${master} -master.port.grpc=${masterGrpc} -volume.port=${volume} -volume.port.grpc=${volumeGrpc} -filer.port=${filer} -filer.port.grpc=${filerGrpc} -s3.port.grpc=${s3Grpc}`;
  await start(
    's3',
    'backends',
    { IDENTITIES: JSON.stringify({ identities }) },
    { volumes: ['/data', '/tmp'], command: ['sh', '-c', `printf %s "$IDENTITIES" > /tmp/s3.json && exec ${weed}`] },
  );
  return {
    REDIS_URL: `redis://127.0.0.1:${redis}`,
    STORAGE: 's3',
    S3_ENDPOINT: `http://127.0.0.1:${s3}`,
    S3_ACCESS_KEY: 'containers',
    S3_SECRET_KEY: runName,
  };
}

await main(async () => {
  if (values.help) throw new PlainError(USAGE);
  if (!values['no-build']) await buildImages();
  for (const name of ['api', 'worker']) {
    const bytes = await engine('image', 'inspect', '--format', '{{.Size}}', imageName(name));
    console.log(`${name}: ${Math.round(Number(bytes) / 1e6)} MB`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'containers-'));
  try {
    const env = { ...(await startBackends()), MODEL: 'demo', HOST: '127.0.0.1' };
    const [port, workerPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const begin = Date.now();
    await start('rest-server', 'api', { ...env, PORT: port }, { volumes: ['/tmp'] });
    await start('logs', 'api', env, { command: ['node', 'dist/apps/logs/apps/logs/src/main.js'] });
    const places = { SCRATCH_DIR: '/scratch', ENGINE_CACHE_DIR: '/cache' };
    await start(
      'worker-server',
      'worker',
      { ...env, ...places, WORKER_PORT: workerPort },
      { volumes: ['/tmp', '/scratch', '/cache'] },
    );
    await Promise.all([ready(port, 'rest-server'), ready(workerPort, 'worker-server')]);
    console.log(`ready after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
    const { id, seconds, stems } = await separateAndCheck(new ServiceClient(`http://127.0.0.1:${port}`), values.song);
    console.log(`${id}: ${stems.join(', ')} after ${seconds.toFixed(1)} s, each as its receipt says`);
    const logged = async () => {
      const lines = (await engine('logs', `${runName}-logs`)).split('\n').filter((line) => line.includes(id));
      return ['rest-server', 'worker-server'].every((service) => lines.some((line) => line.includes(service)));
    };
    if (!(await until(logged, { timeoutMs: 10_000 })))
      throw new PlainError(`logs did not print both services on ${id}`);
    console.log('logs printed what rest-server and worker-server wrote about it');
  } finally {
    for (const name of ['rest-server', 'worker-server', 'logs', 's3', 'redis']) {
      await run(values.engine, ['rm', '--force', '--time', '20', `${runName}-${name}`], { quiet: true });
    }
    rmSync(folder, { recursive: true });
  }
});
