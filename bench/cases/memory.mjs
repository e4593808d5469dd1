// memory of the worker and its engine over time, by length of song
import { readFile, readdir } from 'node:fs/promises';
import { memoryOf } from '../support/workbench.mjs';
import { separate } from '../support/separate.mjs';
import { mebibytes, table } from '../support/statistics.mjs';

const MINUTES = (process.env.BENCH_MINUTES || '2,5,20,60').split(',').map(Number);
const MODELS = (process.env.BENCH_MODELS || 'demo,htdemucs').split(',');
const PRECISION = process.env.BENCH_PRECISION || 'fp32';
const SAMPLE_MS = 1000;

export async function measure(workbench) {
  await workbench.makeRandomModels(MODELS.filter((model) => model !== 'demo'));
  const runs = [];
  for (const model of MODELS) {
    for (const minutes of MINUTES) {
      runs.push(await measureSong(workbench, model, minutes));
      console.log(`${model}, ${minutes} min: ${mebibytes(runs.at(-1).both)} MiB`);
    }
  }
  const rows = runs.map(({ model, minutes, worker, engine, both, seconds }) => [
    model,
    `${minutes} min`,
    mebibytes(worker),
    mebibytes(engine),
    mebibytes(both),
    (both / runs.find((run) => run.model === model).both).toFixed(2),
    seconds.toFixed(0),
  ]);
  const head = ['model', 'song', 'worker, MiB', 'engine, MiB', 'both, MiB', `relative to ${MINUTES[0]} min`, 'wall, s'];
  const text = `Peak resident memory of each process for one song (${PRECISION}).`;
  return { text: `${text}\n\n${table(head, rows)}`, data: { runs } };
}

async function measureSong(workbench, model, minutes) {
  const song = await workbench.makeSong(minutes * 60);
  // a peak lasts for the life of a process, so every song gets a new service
  const service = await workbench.startService({ MODEL: model, PRECISION });
  const worker = service.pid('worker-server');
  const [engine] = await childrenOf(worker);
  const samples = [];
  const began = performance.now();
  const watch = setInterval(async () => {
    const bytes = (await memoryOf(worker, 'VmRSS')) + (await memoryOf(engine, 'VmRSS'));
    samples.push([Math.round((performance.now() - began) / 1000), Math.round(bytes / 2 ** 20)]);
  }, SAMPLE_MS);
  const { seconds } = await separate(service, song).finally(() => clearInterval(watch));
  const peaks = { worker: await memoryOf(worker, 'VmHWM'), engine: await memoryOf(engine, 'VmHWM') };
  await service.stop();
  return { model, minutes, seconds, ...peaks, both: peaks.worker + peaks.engine, samples: thinned(samples) };
}

/** Keeps at most 200 points, as many as a plot can show. */
function thinned(samples) {
  const step = Math.ceil(samples.length / 200);
  return samples.filter((_, index) => index % step === 0);
}

/** Ids of a process's Python children, oldest first. */
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
