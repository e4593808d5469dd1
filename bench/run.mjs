// `npm run bench -- [CASE ...]`: measures this machine; see README.md beside this file
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError, main } from '../scripts/support/fail.mjs';
import { build, checkNodeVersion, installPackages } from '../scripts/setup/node-packages.mjs';
import { enginePython, root } from '../scripts/support/paths.mjs';
import { installEngine } from '../scripts/setup/python-environment.mjs';
import { mustRun } from '../scripts/support/run.mjs';
import { describeMachine } from './support/machine.mjs';
import { Workbench } from './support/workbench.mjs';

const CASES = ['stock', 'jobs', 'listening', 'models', 'memory', 'uploads', 'status', 'pipeline', 'crowd'];

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !CASES.includes(name));
  if (unknown.length > 0) throw new PlainError(`Unknown case ${unknown.join(', ')}. Cases: ${CASES.join(', ')}.`);
  checkNodeVersion();
  await installPackages();
  // the development profile has the stock command
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
      const { text, data } = await measure(workbench);
      const page = `# ${name}\n\n${machine}\n\n${text}\n`;
      writeFileSync(join(results, `${name}.md`), data ? `${page}\n![${name}](${name}.svg)\n` : page);
      if (data) await plot(join(results, name), data);
      console.log(`\n${page}`);
    } finally {
      await workbench.close();
    }
  }
});

/** Writes the figures as JSON and plots them as SVG. */
async function plot(path, data) {
  writeFileSync(`${path}.json`, `${JSON.stringify(data)}\n`);
  const script = join(root, 'bench', 'plot.py');
  await mustRun('Cannot draw the plot.', enginePython, [script, `${path}.json`, `${path}.svg`], { quiet: true });
}
