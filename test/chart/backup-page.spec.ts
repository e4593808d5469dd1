import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeChart, helm } from './cases.js';
import { Chart, type Rendered } from './chart.js';

describeChart('docs/backup.md in a cluster', () => {
  let chart: Chart;
  let page: string;
  let everything: Rendered;

  beforeAll(async () => {
    page = await readFile('docs/backup.md', 'utf8');
    chart = await Chart.copy(helm ?? '');
    everything = await chart.render({ values: 'everything' });
  });

  afterAll(() => chart.close());

  it('stops and starts every pod that writes, by the names and the label of the chart', () => {
    const [, named = ''] = /scale deploy\/(\S+) --replicas=0/.exec(page) ?? [];
    const [, label = ''] = /scale deploy --selector (\S+) --replicas=0/.exec(page) ?? [];
    const scaled = everything
      .ofKind('Deployment')
      .filter(({ metadata }) => metadata.name === named || metadata.labels?.[label] !== undefined);
    const all = everything.ofKind('Deployment').map(({ metadata }) => metadata.name);
    const names = scaled.map(({ metadata }) => metadata.name);
    expect(names).toEqual(all.filter((name) => name !== 'logs'));
    expect(names.length).toBeGreaterThan(2);
    expect(page).toContain(`scale deploy/${named} --replicas=2`);
    expect(page).toContain(`scale deploy --selector ${label} --replicas=1`);
  });

  it('names Secrets and a Service of the chart', async () => {
    const rendered = await chart.render();
    const [, secrets = ''] = /get secret ((?:separation-\S+ ){3})/.exec(page) ?? [];
    for (const name of secrets.trim().split(' ')) expect(rendered.find('Secret', name)).toBeDefined();
    const official = await chart.render({ values: 'official-stores' });
    const [, service = '', port] = /port-forward service\/(\S+) 9000:(8\d+)/.exec(page) ?? [];
    expect(official.get('Service', service).spec).toMatchObject({ ports: [{ port: Number(port) }] });
  });
});
