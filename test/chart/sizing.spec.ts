import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { describeChart, helm } from './cases.js';
import { Chart, environment } from './chart.js';

const NAME = 'worker-server-gpu';

describeChart('what the chart gives to the host of a GPU', () => {
  let chart: Chart;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
  });

  afterAll(() => chart.close());

  const sizeOf = async (...settings: string[]): Promise<{ cores: number; prefetch: number }> => {
    const gpu = ['enabled=true', 'accelerator=nvidia-l4', ...settings];
    const container = (await chart.render({ set: gpu.map((setting) => `workers.gpu.${setting}`) })).container(NAME);
    const cpu = String(container.resources?.requests?.['cpu']);
    const cores = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu);
    return { cores, prefetch: Number(environment(container)['WORKER_PREFETCH']) };
  };

  it('is what docs/sizing.md has in its table', async () => {
    const page = await readFile('docs/sizing.md', 'utf8');
    const rows = [...page.matchAll(/^\| (\d+) +\| ([\d.]+) +\| (\d+) +\|$/gm)].map(([, ...row]) => row.map(Number));
    expect(rows.length).toBeGreaterThan(3);
    for (const [factor, cores, prefetch] of rows) {
      expect(await sizeOf(`realTimeFactor=${factor}`)).toEqual({ cores, prefetch });
    }
    expect(await sizeOf()).toEqual(await sizeOf('realTimeFactor=100'));
  });

  it('grows with the GPUs of a pod', async () => {
    expect(await sizeOf('gpus=4')).toEqual({ cores: 12.8, prefetch: 5 });
  });

  it('is what the operator sets', async () => {
    const settings = ['realTimeFactor=400', 'prefetch=0', 'resources.requests.cpu=7'];
    expect(await sizeOf(...settings)).toEqual({ cores: 7, prefetch: 0 });
  });
});
