// `node scripts/dev-run.mjs api|worker`: compiles on each change and starts the app again, one at a time.
// for the `dev` stages of the Dockerfiles, which `skaffold dev` syncs sources into.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { nodeArguments, root } from './support/paths.mjs';

const [app] = process.argv.slice(2);
// the compiler writes many files for one change
const SETTLED_MS = 300;
const folder = join(root, 'dist', 'apps', app);

let running;
let restarting = Promise.resolve();

/** The old process has to be gone, with its port and its job, before the next one starts. */
async function restart() {
  if (running !== undefined && running.exitCode === null && running.signalCode === null) {
    running.kill('SIGTERM');
    await once(running, 'close');
  }
  console.log(`\n— ${app} starts`);
  running = spawn(process.execPath, nodeArguments(app), { cwd: root, stdio: 'inherit' });
}

mkdirSync(folder, { recursive: true });
const nest = join(root, 'node_modules', '.bin', 'nest');
const compiler = spawn(nest, ['build', app, '--watch', '--preserveWatchOutput'], { cwd: root, stdio: 'inherit' });
let settled;
watch(join(root, 'dist', 'apps'), { recursive: true }, (_event, file) => {
  if (!file?.startsWith(app)) return;
  clearTimeout(settled);
  settled = setTimeout(() => (restarting = restarting.then(restart)), SETTLED_MS);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    compiler.kill();
    running?.kill('SIGTERM');
    running?.once('close', () => process.exit(0));
  });
}
