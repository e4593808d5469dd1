// `npm test`: sets up what is missing, then runs the checks and every test; the last line counts the specs
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError, main } from './support/fail.mjs';
import { build, checkNodeVersion, installPackages } from './setup/node-packages.mjs';
import { root, venvPython } from './support/paths.mjs';
import { installEngine } from './setup/python-environment.mjs';
import { run } from './support/run.mjs';

const LIMIT_MS = 45 * 60_000;

// most engine tests keep one core busy; at most four, because each process loads torch
const PARALLEL = ['--numprocesses=auto', '--maxprocesses=4', '--dist=worksteal'];

// they have no time limits of seconds, unlike the specs
const BESIDE_SPECS = [
  { name: 'checks', command: 'npm', args: ['run', '--silent', 'check'] },
  {
    name: 'engine tests',
    command: venvPython,
    args: ['-m', 'pytest', '-c', join(root, 'engine', 'pyproject.toml'), ...PARALLEL, join(root, 'engine', 'tests')],
  },
];

/** Runs what takes the CPU time that waiting specs leave. Returns the names of what failed. */
async function besideSpecs() {
  const failed = [];
  for (const { name, command, args } of BESIDE_SPECS) {
    // printed in one piece, because the specs print too
    const { code, output } = await run(command, args, { quiet: true, background: true, timeoutMs: LIMIT_MS }).catch(
      (error) => ({ code: 1, output: error.message }),
    );
    console.log(`\n— ${name}\n${output}`);
    if (code !== 0) failed.push(name);
  }
  return failed;
}

/** Jest needs the flag for ES modules. */
async function jest(reportFile, args) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const options = ['--json', `--outputFile=${reportFile}`, '--ci'];
  // a spec file that leaves a socket, a process or a file open fails, and may keep Jest from ending
  const { code } = await run(process.execPath, [...flags, ...options, ...args], { timeoutMs: LIMIT_MS });
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(reportFile, 'utf8'));
  return { code, passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}

async function specs() {
  const folder = mkdtempSync(join(tmpdir(), 'jest-report-'));
  return jest(join(folder, 'report.json'), process.argv.slice(2)).finally(() => rmSync(folder, { recursive: true }));
}

await main(async () => {
  checkNodeVersion();
  await Promise.all([installPackages().then(build), installEngine('dev')]);
  // a branch that breaks must not end the other: its findings count too
  const [beside, report] = await Promise.allSettled([besideSpecs(), specs()]);
  const failed =
    beside.status === 'fulfilled' ? beside.value : [`what runs beside the specs (${beside.reason.message})`];
  if (report.status === 'rejected') failed.push(`specs (${report.reason.message})`);
  else {
    if (report.value.code !== 0) failed.push('specs');
    console.log(`\n${report.value.passed} passed, ${report.value.failed} failed`);
  }
  if (failed.length > 0) throw new PlainError(`Failed: ${failed.join(', ')}.`);
});
