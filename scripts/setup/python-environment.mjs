// creates the engine's Python environment in engine/.venv
import { realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlainError } from '../support/fail.mjs';
import { pythons, root, venv, venvBin, venvPython } from '../support/paths.mjs';
import { mustRun, run } from '../support/run.mjs';
import { digestOf, isStamped, stamp } from './stamp.mjs';
import { venvState } from './venv-state.mjs';

const requirements = (name) => join(root, 'engine', 'requirements', `${name}.lock`);
const uv = join(venvBin, 'uv');
const install = ['pip', 'install', '--python', venvPython];
const VERSION_CHECK = 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 15))';

const FAILED = "Cannot install the engine's Python packages: see above, then try again.";

/**
 * Installs a profile's packages, again only after its lock file or the interpreter changes.
 * @param {'runtime' | 'cuda' | 'dev'} profile dev includes cuda, and cuda includes runtime
 */
export async function installEngine(profile) {
  if (process.env.ENGINE_PYTHON) return;
  let venvNow = await venvState();
  const holds = { runtime: ['runtime', 'cuda', 'dev'], cuda: ['cuda', 'dev'], dev: ['dev'] }[profile];
  const digest = (name) =>
    `${digestOf([requirements(name), join(root, 'engine', 'pyproject.toml')])} ${venvNow.interpreter}`;
  const file = (name) => join(venv, `.installed-${name}`);
  const isInstalled = venvNow.state !== 'broken' && holds.some((name) => isStamped(file(name), digest(name)));
  if (isInstalled && venvNow.state === 'sound') return;
  if (isInstalled) {
    await linkEngine();
    return;
  }
  console.log(`Installing the engine's Python packages (${profile}) …`);
  if (venvNow.state === 'broken') {
    await makeVenv();
    venvNow = await venvState();
  }
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes'];
  await mustRun(FAILED, venvPython, ['-m', 'pip', 'install', ...options, '-r', requirements('bootstrap')], {
    quiet: true,
  });
  await mustRun(FAILED, uv, [...install, '--require-hashes', '-r', requirements(profile)], { quiet: true });
  await linkEngine();
  stamp(file(profile), digest(profile));
}

/** Makes the environment import the engine beside it, also after the checkout was moved or copied. */
async function linkEngine() {
  const options = ['--no-deps', '--no-build-isolation', '--editable', dirname(realpathSync(venv))];
  await mustRun(FAILED, uv, [...install, ...options], { quiet: true });
}

/** Returns cuda if an NVIDIA driver answers, else the small profile without torch. */
export async function engineProfile() {
  const { code } = await run('nvidia-smi', ['-L'], { quiet: true, timeoutMs: 10_000 }).catch(() => ({ code: 1 }));
  return code === 0 ? 'cuda' : 'runtime';
}

async function makeVenv() {
  for (const python of pythons) {
    const { code } = await run(python, ['-c', VERSION_CHECK], { quiet: true }).catch(() => ({ code: 1 }));
    if (code !== 0) continue;
    rmSync(venv, { recursive: true, force: true });
    await mustRun('Cannot create the Python environment: see above.', python, ['-m', 'venv', venv], {
      quiet: true,
    });
    return;
  }
  throw new PlainError(
    'The engine needs Python 3.10 to 3.14 with its venv module. Install it (Debian and Ubuntu: apt install python3 python3-venv), or set PYTHON to its path.',
  );
}
