import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ServiceClient } from '../../scripts/support/client.mjs';

const POLL_MS = 50;

/** Uploads a song and waits for its manifest; gives the separation and the wall seconds from upload to manifest. */
export async function separate(service, song, fields = []) {
  const client = new ServiceClient(service.url);
  const { signal } = new AbortController();
  const began = performance.now();
  const { id } = await client.upload(song, statSync(song).size, fields, () => {}, signal);
  for (;;) {
    const separation = await client.separation(id, signal);
    if (separation.status === 'completed') return { separation, seconds: (performance.now() - began) / 1000 };
    if (separation.status === 'failed') throw new Error(`the separation failed: ${separation.error.message}`);
    await pause(POLL_MS);
  }
}
