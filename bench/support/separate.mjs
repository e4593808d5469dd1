import { statSync } from 'node:fs';
import { ServiceClient } from '../../scripts/support/client.mjs';

/** Separates a song. Returns the separation and the wall time from upload to manifest, in seconds. */
export async function separate(service, song, fields = []) {
  const client = new ServiceClient(service.url);
  const { signal } = new AbortController();
  const began = performance.now();
  const { id } = await client.upload(song, statSync(song).size, fields, () => {}, signal);
  // the event stream ends with the separation, and polling would disturb the measurement
  await (await fetch(new URL(`/v1/separations/${id}/events`, service.url))).text();
  const seconds = (performance.now() - began) / 1000;
  const separation = await client.separation(id, signal);
  if (separation.status !== 'completed') throw new Error(`the separation is ${separation.status}`);
  return { separation, seconds };
}
