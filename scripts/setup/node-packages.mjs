// updates node_modules and dist
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlainError } from '../support/fail.mjs';
import { mainFile, root } from '../support/paths.mjs';
import { mustRun } from '../support/run.mjs';
import { digestOf, isStamped, stamp } from './stamp.mjs';

const NEEDED = [20, 19];
const APPS = ['api', 'worker', 'logs'];
const CLIENT = join(root, 'dist', 'client');
// beside it, because npm packs the whole folder
const CLIENT_STAMP = join(root, 'dist', '.built-client');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  throw new PlainError(
    `This is Node ${process.versions.node}, but the service needs ${NEEDED.join('.')} or newer. Update Node.`,
  );
}

export async function installPackages() {
  const file = join(root, 'node_modules', '.installed');
  const digest = digestOf([join(root, 'package-lock.json')]);
  if (isStamped(file, digest)) return;
  console.log('Installing the Node packages …');
  // the npm that runs this script exports its settings, and an inner npm would read them as options
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  await mustRun(
    'Cannot install the Node packages: see above, then try again.',
    npm,
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    { env, quiet: true },
  );
  stamp(file, digest);
}

export async function build() {
  const file = join(root, 'dist', '.built');
  const sources = ['apps', 'libs', 'demo', 'tsconfig.json', 'nest-cli.json', 'package-lock.json'].map((name) =>
    join(root, name),
  );
  const digest = digestOf(sources);
  const results = [...APPS.map(mainFile), join(root, 'dist', 'apps', 'web', 'index.html')];
  if (isStamped(file, digest) && results.every((result) => existsSync(result))) return;
  console.log('Building …');
  await mustRun('The build failed: see above.', npm, ['run', '--silent', 'build'], { quiet: true });
  stamp(file, digest);
  stamp(CLIENT_STAMP, clientDigest());
}

/** Builds the client of libs/client if its sources have changed. @returns the address of its folder */
export async function buildClient() {
  // an image has no sources
  const isBuilt = () => existsSync(join(CLIENT, 'index.js')) && isStamped(CLIENT_STAMP, clientDigest());
  if (existsSync(join(root, 'libs')) && !isBuilt()) {
    await installPackages();
    await mustRun('The client could not be built: see above.', npm, ['run', '--silent', 'build:client'], {
      quiet: true,
    });
    stamp(CLIENT_STAMP, clientDigest());
  }
  return pathToFileURL(join(CLIENT, '/'));
}

function clientDigest() {
  return digestOf(['libs/client', 'tsconfig.json', 'package.json'].map((name) => join(root, name)));
}
