import { openClient, songFile } from '../../scripts/support/client.mjs';

/** Separates a song. Returns the separation and the wall time from upload to manifest, in seconds. */
export async function separate(service, song, options = {}) {
  const client = await openClient(service.url);
  const file = await songFile(song);
  const began = performance.now();
  const { id } = await client.upload(file, options);
  // the event stream ends with the separation, and polling would disturb the measurement
  await (await fetch(new URL(`/v1/separations/${id}/events`, service.url))).text();
  const seconds = (performance.now() - began) / 1000;
  const separation = await client.status(id);
  if (separation.status !== 'completed') throw new Error(`the separation is ${separation.status}`);
  return { separation, seconds };
}
