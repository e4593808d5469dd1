// `npm run bench -- [CASE ...]`: measures this machine; see README.md beside this file
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError, main } from '../scripts/support/fail.mjs';
import { build, checkNodeVersion, installPackages } from '../scripts/support/node-side.mjs';
import { root } from '../scripts/support/paths.mjs';
import { installEngine } from '../scripts/support/python-side.mjs';
import { describeMachine } from './support/machine.mjs';
import { Workbench } from './support/workbench.mjs';

const CASES = ['stock', 'memory', 'uploads', 'status'];

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !CASES.includes(name));
  if (unknown.length > 0)
    throw new PlainError(`There is no case ${unknown.join(', ')}; there are ${CASES.join(', ')}.`);
  checkNodeVersion();
  await installPackages();
  // the stock command comes with the development extra
  await installEngine('dev');
  await build();
  const machine = await describeMachine();
  const results = join(root, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  for (const name of wanted.length > 0 ? wanted : CASES) {
    console.log(`\n— ${name}`);
    const { measure } = await import(`./cases/${name}.mjs`);
    const workbench = await Workbench.open();
    try {
      const table = await measure(workbench);
      const text = `# ${name}\n\n${machine}\n\n${table}\n`;
      writeFileSync(join(results, `${name}.md`), text);
      console.log(`\n${text}`);
    } finally {
      await workbench.close();
    }
  }
});
