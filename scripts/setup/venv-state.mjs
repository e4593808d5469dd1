// finds out whether engine/.venv still works: Python may have been upgraded or removed, or the checkout moved
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { venv, venvPython } from '../support/paths.mjs';
import { run } from '../support/run.mjs';

const PROBE = `
import json, sys
from importlib.util import find_spec
engine = find_spec("separation_engine")
print(json.dumps([sys.implementation.cache_tag, find_spec("pip") is not None, engine.origin if engine else ""]))
`;

/**
 * - `broken`: its Python does not run, or has lost its packages.
 * - `unlinked`: it runs, but imports the engine of another folder, or none.
 * @returns {Promise<{ state: 'broken' } | { state: 'unlinked' | 'sound', interpreter: string }>}
 */
export async function venvState() {
  const { code, output } = await run(venvPython, ['-c', PROBE], { quiet: true }).catch(() => ({ code: 1, output: '' }));
  if (code !== 0) return { state: 'broken' };
  const [interpreter, hasPip, engine] = JSON.parse(output);
  if (!hasPip) return { state: 'broken' };
  // a checkout may link to the environment of another one, and then uses its engine
  const own = join(dirname(realpathSync(venv)), 'src', 'separation_engine', '__init__.py');
  return { state: engine !== '' && realpathSync(engine) === own ? 'sound' : 'unlinked', interpreter };
}
