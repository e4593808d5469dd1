// programs in place of the engine's Python and of ffmpeg: the first knows the stub network, both account for their time
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enginePython, root } from '../../scripts/support/paths.mjs';
import { mustRun } from '../../scripts/support/run.mjs';

const engineFolder = join(root, 'engine');
const PYTHONPATH = [join(engineFolder, 'src'), engineFolder].join(':');

/**
 * Installs the model `stub`. Returns a Python whose `separation_engine` knows it, and the file where this tells the CPU
 * seconds of what a GPU would do, and how many songs it had at once.
 * @param {number} speed × real time
 * @param {number} batch segments in a forward
 */
export async function makeStubEngine(folder, modelsDir, speed, batch = 16) {
  const args = [
    `PYTHONPATH=${PYTHONPATH}`,
    enginePython,
    '-m',
    'bench.stub_engine',
    'install',
    modelsDir,
    String(speed),
    String(batch),
  ];
  await mustRun('Cannot make the stub.', 'env', args, { quiet: true });
  const engineState = join(folder, 'engine-state.json');
  const run = `PYTHONPATH='${PYTHONPATH}' STUB_STATE='${engineState}' '${enginePython}'`;
  const python = writeProgram(join(folder, 'stub-python'), [
    // the worker also asks this Python where ffmpeg is, and an analysis needs no torch
    'if [ "$1" != -m ] || [ "$3" != serve ]; then exec env ' + `${run} "$@"; fi`,
    'shift 2',
    `exec env ${run} -m bench.stub_engine "$@"`,
  ]);
  return { python, engineState };
}

/** An ffmpeg that records what each call costs. */
export class AccountedFfmpeg {
  constructor(folder, ffmpeg) {
    this.records = join(folder, 'ffmpeg-calls');
    this.forget();
    this.path = writeProgram(join(folder, 'accounted-ffmpeg'), [
      `'${ffmpeg}' "$@"`,
      'status=$?',
      // two lines of `0m0.001s 0m0.002s`: of the shell, and of ffmpeg
      `{ times; echo "$*"; } > '${this.records}'/$$`,
      'exit $status',
    ]);
  }

  forget() {
    rmSync(this.records, { recursive: true, force: true });
    mkdirSync(this.records);
  }

  /** CPU seconds and number of calls by purpose. */
  calls() {
    const found = {};
    for (const name of readdirSync(this.records)) {
      const [, times, ...args] = readFileSync(join(this.records, name), 'utf8').split('\n');
      const [user, system] = times.split(' ').map(secondsOf);
      const sum = (found[purposeOf(args.join(' '))] ??= { calls: 0, seconds: 0 });
      sum.calls += 1;
      sum.seconds += user + system;
    }
    return found;
  }
}

function purposeOf(args) {
  if (args.includes('ffmetadata')) return 'tags';
  if (args.includes('-version')) return 'version';
  if (/-c:a flac|libmp3lame/.test(args)) return 'encode';
  return 'decode';
}

function secondsOf(text) {
  const [minutes, seconds] = text.replace('s', '').split('m').map(Number);
  return minutes * 60 + seconds;
}

function writeProgram(path, lines) {
  writeFileSync(path, `#!/bin/bash\n${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}
