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
  const count = visible?.split(',').length ?? engines;
  if (count >= engines) return;
  throw new ConfigError([
    `ENGINES is ${engines}, but CUDA_VISIBLE_DEVICES names only ${count} of the GPUs: ${visible ?? ''}. List ${engines} GPUs in it, or set ENGINES to ${count}.`,
  ]);
}
