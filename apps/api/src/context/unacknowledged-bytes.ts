import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Linux's tables of TCP connections; one with an IPv6 listener is in the second */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/**
 * Returns how many sent bytes the other end of the connection has not acknowledged yet. Only the kernel knows: it buffers
 * megabytes, and Node hears nothing until a third of them has left. Returns undefined where the kernel does not tell.
 */
export async function unacknowledgedBytes({ localPort, remotePort }: Socket): Promise<number | undefined> {
  const ports = [localPort, remotePort].map((port) => port?.toString(16).toUpperCase().padStart(4, '0'));
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')));
  const queued = tables
    .flatMap((table) => table.split('\n'))
    .flatMap((line) => {
      // number, local address, remote address, state, unacknowledged and unread bytes
      const [, local, remote, , queues] = line.trim().split(/\s+/);
      const isOurs = local?.split(':')[1] === ports[0] && remote?.split(':')[1] === ports[1];
      return isOurs ? [Number.parseInt(queues ?? '', 16)] : [];
    });
  return queued.length === 0 ? undefined : queued.reduce((sum, bytes) => sum + bytes);
}
