// `npm run check -- [PART ...]`: format, lint, types and structure, side by side; each part has a cache.
// the caches are by file: `-- --no-cache` also finds what a changed type or package breaks elsewhere.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installEngine } from './setup/python-environment.mjs';
import { PlainError, main } from './support/fail.mjs';
import { root, venvBin } from './support/paths.mjs';
import { run } from './support/run.mjs';

const { values, positionals } = parseArgs({ options: { 'no-cache': { type: 'boolean' } }, allowPositionals: true });
const caches = join(root, 'node_modules', '.cache');
const cached = (...options) => (values['no-cache'] ? [] : ['--cache', '--cache-strategy', 'content', ...options]);
const bin = (name, ...args) => [join('node_modules', '.bin', name), ...args];
const python = (name, ...args) => [join(venvBin, name), ...args];
const pyproject = join('engine', 'pyproject.toml');

/** the commands of each part, in order */
const PARTS = {
  lint: [bin('eslint', '--max-warnings', '0', ...cached('--cache-location', join(caches, 'eslint/')), '.')],
  types: [
    bin('tsc', '--build', ...(values['no-cache'] ? ['--force'] : []), 'tsconfig.check.json', 'apps/web', 'scripts'),
  ],
  format: [bin('prettier', '--check', '--log-level', 'warn', ...cached(), '.')],
  structure: [bin('depcruise', ...cached(), 'apps', 'libs', '--output-type', 'err-long')],
  engine: [
    ...[['engine'], ['--config', pyproject, 'bench', 'clients']].flatMap((target) => [
      python('ruff', 'format', '--check', '--quiet', ...target),
      python('ruff', 'check', '--quiet', ...target),
    ]),
    python(
      'mypy',
      '--config-file',
      pyproject,
      '--no-error-summary',
      'engine/src',
      'engine/tests',
      'engine/training',
      'bench',
      'clients/python/src',
    ),
  ],
};

/** @returns {Promise<boolean>} whether every command of the part passed */
async function passes(name) {
  const began = Date.now();
  for (const [command, ...args] of PARTS[name]) {
    const { code, output } = await run(command, args, { quiet: true });
    if (code === 0) continue;
    console.error(`${output}\n${name} failed: ${[command, ...args].join(' ')}`);
    return false;
  }
  console.log(`${name} passed in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return true;
}

await main(async () => {
  const wanted = positionals.length > 0 ? positionals : Object.keys(PARTS);
  const unknown = wanted.filter((name) => !(name in PARTS));
  if (unknown.length > 0)
    throw new PlainError(`Unknown part ${unknown.join(', ')}. Parts: ${Object.keys(PARTS).join(', ')}.`);
  if (wanted.includes('engine')) await installEngine('dev');
  const results = await Promise.all(wanted.map(async (name) => [name, await passes(name)]));
  const failed = results.filter(([, passed]) => !passed).map(([name]) => name);
  if (failed.length > 0) throw new PlainError(`Failed: ${failed.join(', ')}.`);
});
