// which model the local default runs: the wanted one if it is there or can be fetched, else the demo model
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dataDir, enginePython } from '../support/paths.mjs';
import { run } from '../support/run.mjs';

const DEFAULT = 'htdemucs';
// until the hub has answered; a download that runs may take its time
const CONNECT_SECONDS = 5;

export const modelsDir = () => resolve(process.env.MODELS_DIR || join(dataDir, 'models'));

/** @returns {Promise<{ name: string, notice?: string }>} */
export async function chooseModel() {
  const wanted = process.env.MODEL || DEFAULT;
  if (wanted === 'demo' || existsSync(join(modelsDir(), wanted, `${wanted}.yaml`))) return { name: wanted };
  console.log(`Fetching the model ${wanted} …`);
  const { code } = await modelsCommand(['get', wanted, '--timeout', String(CONNECT_SECONDS)]);
  return code === 0 ? { name: wanted } : { name: 'demo', notice: notice(wanted) };
}

export function modelsCommand(args) {
  // what is compiled here is what the worker loads
  const cache = resolve(process.env.ENGINE_CACHE_DIR || join(dataDir, 'engine-cache'));
  const env = { ...process.env, MODELS_DIR: modelsDir(), ENGINE_CACHE_DIR: cache };
  return run(enginePython, ['-m', 'separation_engine', 'models', ...args], { env });
}

function notice(wanted) {
  const lines = [
    'THIS IS THE DEMO MODEL',
    '',
    `The model ${wanted} could not be fetched, so songs are separated with the`,
    'small demo model, which is made for trying the service and not for music.',
    `With a line to the model hub:  npm run models -- get ${wanted}`,
    'and start again.',
  ];
  const width = Math.max(...lines.map((line) => line.length)) + 4;
  const edge = '#'.repeat(width + 2);
  return [edge, ...lines.map((line) => `#  ${line.padEnd(width - 2)}#`), edge].join('\n');
}
