// `npm run test:chaos`: sets up and builds like `npm test`, then runs the drill
import { join } from 'node:path';
import { build, checkNodeVersion, installPackages } from '../../scripts/setup/node-packages.mjs';
import { installEngine } from '../../scripts/setup/python-environment.mjs';
import { PlainError, main } from '../../scripts/support/fail.mjs';
import { root } from '../../scripts/support/paths.mjs';
import { run } from '../../scripts/support/run.mjs';

await main(async () => {
  checkNodeVersion();
  await installPackages();
  await installEngine('dev');
  await build();
  const typescript = join(root, 'scripts', 'support', 'typescript.mjs');
  const drill = join(root, 'test', 'chaos', 'main.ts');
  const { code } = await run(process.execPath, ['--import', typescript, drill, ...process.argv.slice(2)]);
  if (code !== 0) throw new PlainError('The drill found violations: see above.');
});
