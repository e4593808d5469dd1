// creates the engine's Python environment in engine/.venv
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from '../support/fail.mjs';
import { root, venv, venvBin, venvPython } from '../support/paths.mjs';
import { mustRun, run } from '../support/run.mjs';
import { digestOf, isStamped, stamp } from './stamp.mjs';

const requirements = (name) => join(root, 'engine', 'requirements', `${name}.lock`);
const VERSION_CHECK = 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 15))';

/**
 * Installs a profile's packages, again only after its lock file changes.
 * @param {'runtime' | 'cuda' | 'dev'} profile dev includes cuda, and cuda includes runtime
 */
export async function installEngine(profile) {
  if (process.env.ENGINE_PYTHON) return;
  const holds = { runtime: ['runtime', 'cuda', 'dev'], cuda: ['cuda', 'dev'], dev: ['dev'] }[profile];
  const digest = (name) => digestOf([requirements(name), join(root, 'engine', 'pyproject.toml')]);
  const file = (name) => join(venv, `.installed-${name}`);
  if (holds.some((name) => isStamped(file(name), digest(name)))) return;
  console.log(`Installing the engine's Python packages (${profile}) …`);
  if (!existsSync(venvPython)) await makeVenv();
  const message = "Cannot install the engine's Python packages: see above, then try again.";
  await mustRun(
    message,
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
  await mustRun(message, uv, [...install, '--require-hashes', '-r', requirements(profile)], { quiet: true });
  await mustRun(message, uv, [...install, '--no-deps', '--no-build-isolation', '--editable', join(root, 'engine')], {
    quiet: true,
  });
  stamp(file(profile), digest(profile));
}

/** Returns cuda if an NVIDIA driver answers, else the small profile without torch. */
export async function engineProfile() {
  const { code } = await run('nvidia-smi', ['-L'], { quiet: true, timeoutMs: 10_000 }).catch(() => ({ code: 1 }));
  return code === 0 ? 'cuda' : 'runtime';
}

async function makeVenv() {
  const candidates = [process.env.PYTHON, 'python3', 'python'].filter(Boolean);
  for (const python of candidates) {
    const { code } = await run(python, ['-c', VERSION_CHECK], { quiet: true }).catch(() => ({ code: 1 }));
    if (code !== 0) continue;
    await mustRun('Cannot create the Python environment: see above.', python, ['-m', 'venv', venv], {
      quiet: true,
    });
    return;
  }
  throw new PlainError(
    'The engine needs Python 3.10 to 3.14 with its venv module. Install it (Debian and Ubuntu: apt install python3 python3-venv), or set PYTHON to its path.',
  );
}
