import { ConfigError } from './config.error.js';
import type { Environment } from './load.js';

/** @throws ConfigError unless each of several engines can have a GPU of its own */
export function requireDevices(
  { engines, device }: { readonly engines: number; readonly device: string },
  env: Environment,
): void {
  if (engines === 1) return;
  if (device !== 'cuda') {
    throw new ConfigError([`ENGINES is ${engines}, but DEVICE is ${device}. Set DEVICE to cuda, or ENGINES to 1.`]);
  }
  const visible = env['CUDA_VISIBLE_DEVICES'];
  // CUDA ignores what comes after an entry that it does not know, such as an empty one
  const count = visible === undefined ? engines : namedDevices(visible);
  if (count >= engines) return;
  throw new ConfigError([
    `ENGINES is ${engines}, but CUDA_VISIBLE_DEVICES names only ${count} of the GPUs: ${visible ?? ''}. List ${engines} GPUs in it, or set ENGINES to ${Math.max(1, count)}.`,
  ]);
}

function namedDevices(visible: string): number {
  const devices = visible.split(',').map((device) => device.trim());
  const end = devices.findIndex((device) => device === '' || device === '-1');
  return end === -1 ? devices.length : end;
}
