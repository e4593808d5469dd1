import { statSync } from 'node:fs';
import { ServiceClient } from '../../scripts/support/client.mjs';

/** Uploads a song and waits for its manifest; gives the separation and the wall seconds from upload to manifest. */
export async function separate(service, song, fields = []) {
  const client = new ServiceClient(service.url);
  const { signal } = new AbortController();
  const began = performance.now();
  const { id } = await client.upload(song, statSync(song).size, fields, () => {}, signal);
  // it ends with the separation; to ask again and again would take time from what is measured
  await (await fetch(new URL(`/v1/separations/${id}/events`, service.url))).text();
  const seconds = (performance.now() - began) / 1000;
  const separation = await client.separation(id, signal);
  if (separation.status !== 'completed') throw new Error(`the separation ended as ${separation.status}`);
  return { separation, seconds };
}
