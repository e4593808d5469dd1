// peak memory of the worker and its engine over the length of the song
import { readFile, readdir } from 'node:fs/promises';
import { memoryOf } from '../support/workbench.mjs';
import { separate } from '../support/separate.mjs';
import { mebibytes, table } from '../support/statistics.mjs';

const MINUTES = [5, 20, 60];
const MODELS = (process.env.BENCH_MODELS || 'demo').split(',');

export async function measure(workbench) {
  if (MODELS.includes('htdemucs')) await workbench.makeRandomModel();
  const rows = [];
  for (const model of MODELS) {
    let first;
    for (const minutes of MINUTES) {
      const song = await workbench.makeSong(minutes * 60);
      // a new service each time: a peak is for the life of a process
      const service = await workbench.startService({ MODEL: model, PRECISION: process.env.BENCH_PRECISION || 'fp32' });
      const worker = service.pid('worker-server');
      const [engine] = await childrenOf(worker);
      const { seconds } = await separate(service, song);
      const peaks = [await memoryOf(worker, 'VmHWM'), await memoryOf(engine, 'VmHWM')];
      await service.stop();
      const sum = peaks[0] + peaks[1];
      first ??= sum;
      rows.push([
        model,
        `${minutes} min`,
        ...peaks.map(mebibytes),
        mebibytes(sum),
        (sum / first).toFixed(2),
        seconds.toFixed(0),
      ]);
      console.log(rows.at(-1).join('  '));
    }
  }
  const head = ['model', 'song', 'worker, MiB', 'engine, MiB', 'both, MiB', 'against 5 min', 'wall, s'];
  return `Peak resident memory over the life of each process, one song each.\n\n${table(head, rows)}`;
}

/** Children of a process that run Python, in the order of their start. */
async function childrenOf(parent) {
  const found = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [, name, , ppid] = stat.match(/^\d+ \((.*)\) (\S) (\d+)/) ?? [];
    if (Number(ppid) === parent && name.startsWith('python')) found.push(Number(pid));
  }
  return found;
}
