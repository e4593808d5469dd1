// one service per data folder: two would write the same files of Redis
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from '../support/fail.mjs';

/**
 * Holds the folder until this process ends, however it ends. The lock is a socket that nobody talks to: a file would
 * outlive a killed process.
 */
export async function lockDataDir(folder) {
  const { dev, ino } = statSync(folder);
  const name = `music-separation-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 24)}`;
  // Linux has sockets without a file
  const address = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  if ((await listens(address)) || ((await isDead(address)) && (await listens(address)))) return;
  throw new PlainError(
    `Another npm start uses ${folder}. Stop it, or set DATA_DIR to another folder (and PORT and WORKER_PORT).`,
  );
}

async function listens(address) {
  const server = createServer((socket) => socket.destroy());
  server.listen(address);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    return false;
  }
  server.unref();
  return true;
}

/** Removes the file of a socket whose process is gone. */
async function isDead(address) {
  if (address.startsWith('\0')) return false;
  const socket = connect(address);
  const answers = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (!answers) rmSync(address, { force: true });
  return !answers;
}
