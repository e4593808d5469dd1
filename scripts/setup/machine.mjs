// refuses at once what would fail late: ports, limits and folders of this machine
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PlainError } from '../support/fail.mjs';
import { dataDir } from '../support/paths.mjs';
import { run } from '../support/run.mjs';

// Redis, two servers and the engine, with a few songs at once
const OPEN_FILES = 1024;

export function mustDiffer(port, workerPort) {
  if (port !== workerPort) return;
  throw new PlainError(`PORT and WORKER_PORT are both ${port}. Set WORKER_PORT to another port.`);
}

/** Node raises its own limit to the hard one; more needs the shell that starts it. */
export async function checkOpenFiles() {
  const { code, output } = await run('sh', ['-c', 'ulimit -Hn'], { quiet: true }).catch(() => ({ code: 1 }));
  const limit = Number(code === 0 ? output : NaN);
  if (!(limit < OPEN_FILES)) return;
  throw new PlainError(
    `Only ${limit} files may be open at once here, but the service needs ${OPEN_FILES}. Raise the limit: ulimit -Hn ${OPEN_FILES}`,
  );
}

export function mustBeWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new PlainError(`Cannot write to ${folder} (${error.code}). Set DATA_DIR to a folder that you may write to.`);
  }
}

/** The folder of songs that is watched, and the one for their stems, if WATCH_DIR names one. */
export function watchedFolders() {
  const { WATCH_DIR, LIBRARY_DIR, API_KEYS_FILE, SEPARATION_KEY } = process.env;
  if (!WATCH_DIR) return {};
  const songs = resolve(WATCH_DIR);
  if (!statSync(songs, { throwIfNoEntry: false })?.isDirectory())
    throw new PlainError(
      `WATCH_DIR is not a folder: ${songs}. Create it, or set WATCH_DIR to the folder of your songs.`,
    );
  if (API_KEYS_FILE && !SEPARATION_KEY)
    throw new PlainError('WATCH_DIR needs a key, because API_KEYS_FILE is set. Set SEPARATION_KEY to one of them.');
  return { WATCH_DIR: songs, LIBRARY_DIR: resolve(LIBRARY_DIR || join(dataDir, 'library')) };
}
