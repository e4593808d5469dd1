// the client of libs/client, for scripts of this checkout
import { buildClient } from '../setup/node-packages.mjs';

export async function openClient(server, key) {
  const { SeparationClient } = await load('index.js');
  return new SeparationClient({ server, key });
}

/** A file to upload. */
export async function songFile(path) {
  return (await load('node/index.js')).songFile(path);
}

async function load(file) {
  return import(new URL(file, await buildClient()).href);
}
