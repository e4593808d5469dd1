// where things lie in a checkout
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const dataDir = resolve(process.env.DATA_DIR || join(root, 'data'));
export const venv = join(root, 'engine', '.venv');
export const venvBin = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');
export const venvPython = join(venvBin, 'python');
export const enginePython = process.env.ENGINE_PYTHON || venvPython;
// for Node: what little the worker and logs compute needs no large young generation, which costs 30 MiB
const SMALL_HEAP = ['--max-semi-space-size=2'];

/** What Node is started with for an app; the same stands in the Dockerfiles and the chart. */
export const nodeArguments = (app) => ['--enable-source-maps', ...(app === 'api' ? [] : SMALL_HEAP), mainFile(app)];
export const mainFile = (app) => join(root, 'dist', 'apps', app, 'apps', app, 'src', 'main.js');
