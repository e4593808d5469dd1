// eight large uploads at once: memory of rest-server, and delay for everyone else
import { statSync } from 'node:fs';
import { openClient, songFile } from '../../scripts/support/client.mjs';
import { memoryOf } from '../support/workbench.mjs';
import { mebibytes, table } from '../support/statistics.mjs';

const UPLOADS = 8;
// 16-bit stereo WAV at 44.1 kHz: 95 MB
const SECONDS = 539;
const SAMPLE_MS = 50;

export async function measure(workbench) {
  const songs = [];
  for (let variant = 0; variant < UPLOADS; variant += 1)
    songs.push(await workbench.makeSong(SECONDS, { extension: 'wav', variant }));
  const service = await workbench.startService({ MODEL: 'demo' });
  const pid = service.pid('rest-server');
  const before = await memoryOf(pid, 'VmRSS');
  await metric(service, 'nodejs_eventloop_lag_p99_seconds');
  let peak = before;
  const watch = setInterval(async () => (peak = Math.max(peak, await memoryOf(pid, 'VmRSS'))), SAMPLE_MS);
  const client = await openClient(service.url);
  const files = await Promise.all(songs.map(songFile));
  const began = performance.now();
  await Promise.all(files.map((file) => client.upload(file)));
  const seconds = (performance.now() - began) / 1000;
  clearInterval(watch);
  const delay = await metric(service, 'nodejs_eventloop_lag_p99_seconds');
  const bytes = songs.reduce((sum, song) => sum + statSync(song).size, 0);
  const head = [
    'uploads',
    'MB each',
    'rest-server before, MiB',
    'growth at the peak, MiB',
    'event-loop delay p99, ms',
    'wall, s',
    'MB/s',
  ];
  const row = [
    UPLOADS,
    (bytes / UPLOADS / 1e6).toFixed(0),
    mebibytes(before),
    mebibytes(peak - before),
    (delay * 1000).toFixed(1),
    seconds.toFixed(1),
    (bytes / 1e6 / seconds).toFixed(0),
  ];
  return { text: `All at once into the folder store, from the first byte to the last 202.\n\n${table(head, [row])}` };
}

/** Reads a metric, which also resets it. */
async function metric(service, name) {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm'))[1]);
}
