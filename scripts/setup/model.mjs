// the model `npm start` runs: the wanted one if it is installed or can be fetched, else the demo model
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dataDir, enginePython } from '../support/paths.mjs';
import { run } from '../support/run.mjs';

const DEFAULT = 'htdemucs';
// the class of its license
const ACCEPTED = 'none-stated';
// limits the wait for the hub's first answer, not the download
const CONNECT_SECONDS = 5;

export const modelsDir = () => resolve(process.env.MODELS_DIR || join(dataDir, 'models'));

/** @returns {Promise<{ name: string, notice?: string }>} */
export async function chooseModel() {
  const wanted = process.env.MODEL || DEFAULT;
  if (wanted === 'demo' || existsSync(join(modelsDir(), wanted, `${wanted}.yaml`))) return { name: wanted };
  console.log(`Fetching the model ${wanted} …`);
  // fetching the default is what `npm start` is for: nobody is asked, and model.json tells who accepted what
  const accepted = process.env.ACCEPT_LICENCES ?? ACCEPTED;
  const env = { ACCEPT_LICENCES: accepted };
  const { code } = await modelsCommand(['get', wanted, '--timeout', String(CONNECT_SECONDS)], { env });
  return code === 0 ? { name: wanted } : { name: 'demo', notice: notice(wanted) };
}

export function modelsCommand(args, { env: more = {}, asks = false } = {}) {
  // compile into the worker's cache
  const cache = resolve(process.env.ENGINE_CACHE_DIR || join(dataDir, 'engine-cache'));
  const env = { ...process.env, MODELS_DIR: modelsDir(), ENGINE_CACHE_DIR: cache, ...more };
  return run(enginePython, ['-m', 'separation_engine', 'models', ...args], { env, asks });
}

function notice(wanted) {
  const lines = [
    'THIS IS THE DEMO MODEL',
    '',
    `The model ${wanted} could not be fetched. The small demo model takes its`,
    'place: it is for trying the service, not for music.',
    `When you are online:  npm run models -- get ${wanted}`,
    'Then start again.',
  ];
  const width = Math.max(...lines.map((line) => line.length)) + 4;
  const edge = '#'.repeat(width + 2);
  return [edge, ...lines.map((line) => `#  ${line.padEnd(width - 2)}#`), edge].join('\n');
}
