// makes the Python environment of the engine, in engine/.venv
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from '../support/fail.mjs';
import { root, venv, venvBin, venvPython } from '../support/paths.mjs';
import { mustRun, run } from '../support/run.mjs';
import { digestOf, isStamped, stamp } from './stamp.mjs';

const requirements = (name) => join(root, 'engine', 'requirements', `${name}.lock`);
const VERSION_CHECK = 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 15))';

/**
 * Installs what a profile needs, once for each state of its lock file.
 * @param {'runtime' | 'cuda' | 'dev'} profile dev holds all of cuda, cuda all of runtime
 */
export async function installEngine(profile) {
  if (process.env.ENGINE_PYTHON) return;
  const holds = { runtime: ['runtime', 'cuda', 'dev'], cuda: ['cuda', 'dev'], dev: ['dev'] }[profile];
  const digest = (name) => digestOf([requirements(name), join(root, 'engine', 'pyproject.toml')]);
  const file = (name) => join(venv, `.installed-${name}`);
  if (holds.some((name) => isStamped(file(name), digest(name)))) return;
  console.log(`Making the engine's Python environment (${profile}) …`);
  if (!existsSync(venvPython)) await makeVenv();
  const sentence = "The engine's Python packages could not be installed: see above, then try again.";
  await mustRun(
    sentence,
    venvPython,
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '-r',
      requirements('bootstrap'),
    ],
    { quiet: true },
  );
  const uv = join(venvBin, 'uv');
  const install = ['pip', 'install', '--python', venvPython];
  await mustRun(sentence, uv, [...install, '--require-hashes', '-r', requirements(profile)], { quiet: true });
  await mustRun(sentence, uv, [...install, '--no-deps', '--no-build-isolation', '--editable', join(root, 'engine')], {
    quiet: true,
  });
  stamp(file(profile), digest(profile));
}

/** cuda where an NVIDIA driver answers, else the small one without torch */
export async function engineProfile() {
  const { code } = await run('nvidia-smi', ['-L'], { quiet: true, timeoutMs: 10_000 }).catch(() => ({ code: 1 }));
  return code === 0 ? 'cuda' : 'runtime';
}

async function makeVenv() {
  const candidates = [process.env.PYTHON, 'python3', 'python'].filter(Boolean);
  for (const python of candidates) {
    const { code } = await run(python, ['-c', VERSION_CHECK], { quiet: true }).catch(() => ({ code: 1 }));
    if (code !== 0) continue;
    await mustRun('The Python environment could not be made: see above.', python, ['-m', 'venv', venv], {
      quiet: true,
    });
    return;
  }
  throw new PlainError(
    'Python 3.10 to 3.14 with its venv module is needed: install it (on Debian and Ubuntu: apt install python3 python3-venv), or name it in PYTHON.',
  );
}
