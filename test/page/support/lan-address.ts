import { networkInterfaces } from 'node:os';

/** An address of this machine that browsers take for another one: over plain http, its pages are not secure. */
export function lanAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  // this machine too, where it has no network
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '0.0.0.0';
}
