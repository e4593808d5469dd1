// `npm start`: everything that a laptop needs to run the service, until Ctrl-C
import { main } from './support/fail.mjs';
import { LocalService } from './service/local-service.mjs';
import { chooseModel } from './setup/model.mjs';
import { build, checkNodeVersion, installPackages } from './setup/node-packages.mjs';
import { mustBeFree } from './service/ports.mjs';
import { engineProfile, installEngine } from './setup/python-environment.mjs';
import { endRunning } from './support/run.mjs';

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);
const workerPort = Number(process.env.WORKER_PORT || 3001);

// where `npm run separate` looks for a service by itself
const DEFAULT_URL = 'http://127.0.0.1:3000';

let service;

async function start() {
  const began = Date.now();
  checkNodeVersion();
  await mustBeFree(host, port, 'PORT');
  await mustBeFree(host, workerPort, 'WORKER_PORT');
  await installPackages();
  await installEngine(await engineProfile());
  await build();
  const model = await chooseModel();
  service = new LocalService({ host, port, workerPort, env: { ...process.env, MODEL: model.name } });
  await service.start({ showLogs: true });
  if (!service.stopped) announce(model, Math.round((Date.now() - began) / 1000));
  await service.ended();
}

function announce(model, seconds) {
  const server = service.url === DEFAULT_URL ? '' : ` --server ${service.url}`;
  if (model.notice) console.log(`\n${model.notice}`);
  console.log(`
  Music separation is ready after ${seconds} s, with the model ${model.name}.

    The page      ${service.url}/
    API, Swagger  ${service.url}/docs
    A song        npm run separate -- song.mp3${server}

  Ctrl-C stops it.
`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (service?.stopped) {
      service.kill();
      return;
    }
    console.log('\nStopping …');
    if (service === undefined) void endRunning().then(() => process.exit(130));
    else void service.stop();
  });
}

await main(async () => {
  try {
    await start();
  } finally {
    await service?.stop();
  }
});
