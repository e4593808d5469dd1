// one service per data folder: two would write the same files of Redis
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from '../support/fail.mjs';
import { pythons } from '../support/paths.mjs';

const TAKEN = 75;
const FAILED = 74;
/** Node has no flock. A lock belongs to the open file, so it outlasts the process that asks for it. */
const LOCK = `
import errno, fcntl, sys
try:
    fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError as error:
    print(error.strerror)
    sys.exit(${TAKEN} if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else ${FAILED})
`;

/**
 * Holds the folder until this process ends, however it ends. The lock is on a file, because containers that share a
 * volume share nothing else.
 * @param {{ built: boolean }} options built: in the container image
 */
export function lockDataDir(folder, { built }) {
  const file = join(folder, 'service.lock');
  const lock = openSync(file, 'a', 0o600);
  for (const python of pythons) {
    const { status, stdout } = spawnSync(python, ['-c', LOCK], { stdio: ['ignore', 'pipe', 'ignore', lock] });
    if (status === 0) return;
    if (status === TAKEN) throw new PlainError(built ? inContainer(folder) : inCheckout(folder));
    if (status === FAILED) {
      const reason = String(stdout).trim();
      throw new PlainError(`Cannot lock ${file}: ${reason}. Set DATA_DIR to a folder on a disk with file locks.`);
    }
  }
  throw new PlainError('Found no Python that runs. Install Python 3.10 to 3.14, or set PYTHON to its path.');
}

const inContainer = (folder) =>
  `Another container uses the volume of ${folder}. Stop it, or give this one a volume of its own.`;

const inCheckout = (folder) =>
  `Another npm start uses ${folder}. Stop it, or set DATA_DIR to another folder (and PORT and WORKER_PORT).`;
