// `npm start`: everything a laptop needs to run the service, until Ctrl-C.
// `npm run dev` (--watch): the same from the sources; servers and page follow every save.
// The container image `music-separation` (--built): the same, with everything installed and built.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './support/fail.mjs';
import { lockDataDir } from './service/data-lock.mjs';
import { LocalService } from './service/local-service.mjs';
import { mustBeFree } from './service/ports.mjs';
import { checkOpenFiles, mustBeWritable, mustDiffer, watchedFolders } from './setup/machine.mjs';
import { chooseModel } from './setup/model.mjs';
import { build, buildClient, checkNodeVersion, installPackages } from './setup/node-packages.mjs';
import { engineProfile, installEngine } from './setup/python-environment.mjs';
import { dataDir } from './support/paths.mjs';
import { endRunning } from './support/run.mjs';

const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 3000);
const workerPort = Number(process.env.WORKER_PORT || 3001);
const watch = process.argv.includes('--watch');
const built = process.argv.includes('--built');

// the default of `npm run separate`
const DEFAULT_URL = 'http://127.0.0.1:3000';

let service;

async function start() {
  const began = Date.now();
  checkNodeVersion();
  mustDiffer(port, workerPort);
  await checkOpenFiles();
  mustBeWritable(dataDir);
  lockDataDir(dataDir, { built });
  await mustBeFree(host, port, 'PORT');
  await mustBeFree(host, workerPort, 'WORKER_PORT');
  const folders = watchedFolders();
  if (built) emptyScratch();
  else await install();
  const model = await chooseModel();
  service = new LocalService({ host, port, workerPort, watch, env: { ...process.env, ...folders, MODEL: model.name } });
  await service.start({ showLogs: true });
  if (!service.stopped) announce(model, await pageUrl(), Math.round((Date.now() - began) / 1000));
  await service.ended();
}

async function install() {
  await installPackages();
  await installEngine(await engineProfile());
  if (!watch) await build();
  else if (process.env.WATCH_DIR) await buildClient();
}

/** No worker removes what a killed container left: its host name does not come back. */
function emptyScratch() {
  const scratch = join(dataDir, 'scratch');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { mode: 0o700 });
}

/** rest-server serves the built page; Vite serves the one in work. */
async function pageUrl() {
  if (!watch) return service.url;
  const { servePage } = await import('./service/page.mjs');
  return servePage(host, service.url);
}

function announce(model, page, seconds) {
  if (model.notice) console.log(`\n${model.notice}`);
  if (built) {
    console.log(`\nMusic separation is ready after ${seconds} s, with the model ${model.name}.\n`);
    return;
  }
  const server = service.url === DEFAULT_URL ? '' : ` --server ${service.url}`;
  console.log(`
  Music separation is ready after ${seconds} s, with the model ${model.name}.

    The page      ${page}/
    API, Swagger  ${service.url}/docs
    A song        npm run separate -- song.mp3${server}

  ${watch ? 'Servers and page follow every save. ' : ''}Ctrl-C stops it.
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
  // Vite's server holds connections of open pages
  if (watch) process.exit();
});
