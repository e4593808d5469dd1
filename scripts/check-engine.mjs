// the Python part of `npm run check`: format, lint and types of the engine and the benchmarks
import { join } from 'node:path';
import { main } from './support/fail.mjs';
import { root, venvBin } from './support/paths.mjs';
import { installEngine } from './setup/python-environment.mjs';
import { mustRun } from './support/run.mjs';

const engine = join(root, 'engine');
const config = join(engine, 'pyproject.toml');

await main(async () => {
  await installEngine('dev');
  const ruff = join(venvBin, 'ruff');
  for (const target of [[engine], ['--config', config, join(root, 'bench')]]) {
    const format = ['format', '--check', '--quiet', ...target];
    await mustRun(`Python is not formatted: ruff format ${target.join(' ')}`, ruff, format);
    await mustRun('Python has lint errors: see above.', ruff, ['check', '--quiet', ...target]);
  }
  await mustRun('The engine has type errors: see above.', join(venvBin, 'mypy'), [
    '--config-file',
    config,
    '--no-error-summary',
    join(engine, 'src'),
    join(engine, 'tests'),
    join(engine, 'training'),
    join(root, 'bench'),
  ]);
});
