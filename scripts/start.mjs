// `npm start`: everything that a laptop needs to run the service, until Ctrl-C
import { Child } from './support/children.mjs';
import { PlainError, main } from './support/fail.mjs';
import { chooseModel } from './support/model.mjs';
import { build, checkNodeVersion, installPackages } from './support/node-side.mjs';
import { mainFile } from './support/paths.mjs';
import { mustBeFree } from './support/ports.mjs';
import { engineProfile, installEngine } from './support/python-side.mjs';
import { startRedis } from './support/redis.mjs';
import { until } from './support/until.mjs';

const READY_MS = 180_000;
const STOP_MS = 15_000;

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);
const workerPort = Number(process.env.WORKER_PORT || 3001);
// a server that listens everywhere is asked on loopback
const localHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;

const children = [];
let stopping;

function stop() {
  // in order: who takes work first, the queue last
  stopping ??= (async () => {
    const [servers, rest] = [children.filter(isServer), children.filter((child) => !isServer(child))];
    await Promise.all(servers.map((child) => child.stop(STOP_MS)));
    for (const child of rest.reverse()) await child.stop(STOP_MS);
  })();
  return stopping;
}

const isServer = (child) => child.name === 'rest-server' || child.name === 'worker-server';

async function start() {
  const began = Date.now();
  checkNodeVersion();
  await mustBeFree(host, port, 'PORT');
  await mustBeFree(host, workerPort, 'WORKER_PORT');
  await installPackages();
  await installEngine(await engineProfile());
  await build();
  const model = await chooseModel();

  const env = { ...process.env, MODEL: model.name, HOST: host, PORT: String(port), WORKER_PORT: String(workerPort) };
  if (!process.env.REDIS_URL) {
    const redis = await startRedis();
    children.push(redis.child);
    env.REDIS_URL = redis.url;
  }
  const node = (name, app, options) => {
    const child = new Child(name, process.execPath, ['--enable-source-maps', mainFile(app)], { env, ...options });
    children.push(child);
    return child;
  };
  const logs = node('logs', 'logs', { show: true });
  const servers = [node('rest-server', 'api'), node('worker-server', 'worker')];

  const ended = Promise.race(children.map(async (child) => (await child.ended, child)));
  const ready = async () => (await isReady(port)) && (await isReady(workerPort));
  if (!(await until(ready, { timeoutMs: READY_MS, unless: ended }))) {
    if (stopping) return;
    const output = [...servers, logs].map((child) => child.output).join('\n');
    throw new PlainError(`${output}\nThe service did not become ready: see above.`);
  }
  announce(model, Math.round((Date.now() - began) / 1000));

  const first = await ended;
  if (stopping) return;
  throw new PlainError(`${first.output}\n${first.name} ended by itself: see above.`);
}

async function isReady(onPort) {
  try {
    const answer = await fetch(`http://${localHost}:${onPort}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function announce(model, seconds) {
  if (model.notice) console.log(`\n${model.notice}`);
  console.log(`
  Music separation is ready after ${seconds} s, with the model ${model.name}.

    The page      http://${localHost}:${port}/
    API, Swagger  http://${localHost}:${port}/docs
    A song        npm run separate -- song.mp3

  Ctrl-C stops it.
`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (stopping) children.forEach((child) => child.kill());
    else {
      console.log('\nStopping …');
      void stop();
    }
  });
}

await main(async () => {
  try {
    await start();
  } finally {
    await stop();
  }
});
