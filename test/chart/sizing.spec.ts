import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { describeChart, helm } from './cases.js';
import { Chart, environment } from './chart.js';
import type { Container } from './kubernetes-objects.js';

const NAME = 'worker-server-gpu';

type Resources = NonNullable<Container['resources']>;

describeChart('what the chart gives to the host of a GPU', () => {
  let chart: Chart;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
  });

  afterAll(() => chart.close());

  const containerOf = async (...settings: string[]): Promise<Container> => {
    const gpu = ['enabled=true', 'accelerator=nvidia-l4', ...settings];
    return (await chart.render({ set: gpu.map((setting) => `workers.gpu.${setting}`) })).container(NAME);
  };

  const sizeOf = async (...settings: string[]): Promise<{ cores: number; prefetch: number }> => {
    const container = await containerOf(...settings);
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
    expect(await sizeOf('gpus=4')).toEqual({ cores: 12, prefetch: 5 });
  });

  it('is what the operator sets', async () => {
    const settings = ['realTimeFactor=400', 'prefetch=0', 'resources.requests.cpu=7'];
    expect(await sizeOf(...settings)).toEqual({ cores: 7, prefetch: 0 });
    expect(await sizeOf(...settings, 'realTimeFactor=null')).toEqual({ cores: 7, prefetch: 0 });
  });

  it.each([
    ['resources=null', {}],
    ['resources.requests=null', { limits: { memory: '12Gi', 'ephemeral-storage': '24Gi' } }],
    ['resources.limits=null', { requests: { cpu: '3000m', memory: '6Gi', 'ephemeral-storage': '4Gi' } }],
    [
      'resources.requests.cpu=null',
      {
        requests: { memory: '6Gi', 'ephemeral-storage': '4Gi' },
        limits: { memory: '12Gi', 'ephemeral-storage': '24Gi' },
      },
    ],
  ])('has its GPUs with %s', async (setting, { limits, ...rest }: Resources) => {
    const { resources } = await containerOf(setting);
    expect(resources).toEqual({ ...rest, limits: { ...limits, 'nvidia.com/gpu': 1 } });
  });

  it.each([
    ['realTimeFactor=null', 'workers.gpu.realTimeFactor is missing, and auto is computed from it: set it'],
    ['gpus=null', 'workers.gpu.gpus is missing: set it to the number of GPUs of each pod'],
    [
      'resources.limits.cpu=2',
      'workers.gpu.resources.requests.cpu is 3000m (computed, because it is auto), above limits.cpu, which is 2',
    ],
    [
      'resources.limits.memory=6442450943',
      'workers.gpu.resources.requests.memory is 6Gi, above limits.memory, which is 6442450943',
    ],
  ])('is refused with %s', async (setting, message) => {
    await expect(containerOf(setting)).rejects.toThrow(message);
  });

  it('leaves the resources of the CPU pool to the cluster if the operator does', async () => {
    const rendered = await chart.render({ set: ['workers.cpu.resources=null'] });
    expect(rendered.container('worker-server').resources).toEqual({});
  });

  it('is as large as its limit at most', async () => {
    expect(await sizeOf('resources.limits.cpu=3')).toEqual({ cores: 3, prefetch: 2 });
    expect(await sizeOf('resources.limits.memory=6442450944')).toEqual({ cores: 3, prefetch: 2 });
  });
});
