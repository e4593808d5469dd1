// the drill as a command: `npm run test:chaos` builds what it needs and then runs this
import { appendFile } from 'node:fs/promises';
import { readArguments, USAGE } from './drill-options.js';
import { runDrill } from './drill.js';
import { reportOf } from './report.js';

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  const began = Date.now();
  const result = await runDrill(options, (text) => {
    console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);
  });
  const report = reportOf(result);
  console.log(`\n${report}`);
  if (options.report !== undefined) await appendFile(options.report, `${report}\n`);
  if (result.violations.all.length > 0) process.exitCode = 1;
}

if (process.argv.includes('--help')) console.log(USAGE);
else await main();
