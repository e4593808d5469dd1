// `node scripts/watch-app.mjs api|worker|logs`: runs an app from its sources and restarts it after every save.
// `npm run dev` starts one for each app; the `dev` stages of the Dockerfiles run one, and `skaffold dev` syncs sources.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, watch } from 'node:fs';
import { join, relative } from 'node:path';
import { root, sourceArguments } from './support/paths.mjs';

const [app] = process.argv.slice(2);
const FOLDERS = [`apps/${app}/src`, 'libs', ...(app === 'worker' ? ['engine/src'] : [])];
const SOURCE = /(?<!\.spec|\.fixture)\.(ts|js|py)$/;
// an editor, a formatter or a checkout writes several files at once
const SETTLED_MS = 100;

let running;
let ending = false;

function start() {
  running = spawn(process.execPath, sourceArguments(app), { cwd: root, stdio: 'inherit' });
  running.on('close', (code, signal) => {
    if (ending) process.exit(0);
    if (signal === null && code !== 0) console.error(`${app} ended with code ${code}: it starts again after a save`);
  });
}

/** The old process must free its port and hand back its job before the next one starts. */
async function stop() {
  if (running.exitCode !== null || running.signalCode !== null) return;
  running.kill('SIGTERM');
  await once(running, 'close');
}

let restarting = Promise.resolve();
let settled;

function saved(file) {
  clearTimeout(settled);
  settled = setTimeout(() => {
    console.error(`${app} restarts: ${relative(root, file)} was saved`);
    restarting = restarting.then(stop).then(start);
  }, SETTLED_MS);
}

/** Node's own recursive watch loses a file on Linux that an editor replaces. */
function watchTree(folder) {
  watch(folder, (_event, name) => {
    const path = join(folder, name ?? '');
    if (SOURCE.test(path)) saved(path);
    else if (!watched.has(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory()) watchTree(path);
  });
  watched.add(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) watchTree(join(folder, entry.name));
  }
}

const watched = new Set();
for (const folder of FOLDERS) watchTree(join(root, folder));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    ending = true;
    clearTimeout(settled);
    void stop().then(() => process.exit(0));
  });
}
start();
