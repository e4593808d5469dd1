// where things are in a checkout
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
export const dataDir = resolve(process.env.DATA_DIR || join(root, 'data'));
export const venv = join(root, 'engine', '.venv');
export const venvBin = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');
export const venvPython = join(venvBin, 'python');
export const enginePython = process.env.ENGINE_PYTHON || venvPython;
/** Pythons of this machine that need no environment of ours. */
export const pythons = [process.env.ENGINE_PYTHON, process.env.PYTHON, 'python3', 'python'].filter(Boolean);
// the worker and logs compute little: a small young generation saves 30 MiB each
const nodeFlags = (app) => ['--enable-source-maps', ...(app === 'api' ? [] : ['--max-semi-space-size=2'])];

/** Node's arguments for a built app; the Dockerfiles and the chart have the same. */
export const nodeArguments = (app) => [...nodeFlags(app), mainFile(app)];
/** Node's arguments for an app that runs from its sources. */
export const sourceArguments = (app) => [
  ...nodeFlags(app),
  '--import',
  pathToFileURL(join(root, 'scripts', 'support', 'typescript.mjs')).href,
  join(root, 'apps', app, 'src', 'main.ts'),
];
export const mainFile = (app) => join(root, 'dist', 'apps', app, 'apps', app, 'src', 'main.js');
