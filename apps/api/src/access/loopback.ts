import { isIP } from 'node:net';

/** Whether only this machine can reach a server that listens on the address. Compose has those of IPv6 in brackets. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
