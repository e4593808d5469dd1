import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { Test } from '@nestjs/testing';
import { Histogram, MetricsModule, Registry } from '@app/metrics';
import { ServiceMetrics } from '../../apps/api/src/metrics/service-metrics.js';
import { WebhookMetrics } from '../../apps/api/src/webhooks/webhook-metrics.js';
import { WorkerMetrics } from '../../apps/worker/src/metrics/worker-metrics.js';
import { describeChart, helm } from './cases.js';
import { Chart } from './chart.js';
import { promtool, withPromtool } from './promtool.js';

const FOLDER = 'charts/music-separation/files/dashboards';

/** those of the kubelet, which the Prometheus operator scrapes by default */
const OF_KUBELET = /^(container_(cpu|memory)|kubelet_volume_stats)_\w+$/;
/** what Prometheus and its operator add to every series */
const ADDED = ['namespace', 'pod', 'container', 'service', 'le', 'persistentvolumeclaim'];

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

/** Series and their labels, as both servers export them. Nothing is collected. */
async function exportedSeries(): Promise<Map<string, readonly string[]>> {
  const servers = await Test.createTestingModule({ imports: [MetricsModule.forRoot('rest-server')] }).compile();
  const registry = servers.get<Registry>(Registry);
  // they ask their sources when they are scraped
  const nobody = {} as never;
  new ServiceMetrics(registry, nobody, nobody, nobody);
  new WebhookMetrics(registry, nobody, nobody);
  new WorkerMetrics(registry, 'toWorkers');
  const metrics = registry.getMetricsAsArray() as unknown as readonly Metric[];
  await servers.close();
  return new Map(
    metrics.flatMap((metric) => {
      const { name, labelNames = [] } = metric;
      const parts = metric instanceof Histogram ? ['_bucket', '_sum', '_count'] : [''];
      return parts.map((part) => [`${name}${part}`, labelNames] as const);
    }),
  );
}

interface Metric {
  readonly name: string;
  readonly labelNames?: readonly string[];
}

/** Selectors, such as `queue_jobs{state="active"}`. Every series of a dashboard has at least its namespace. */
function selectorsOf(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].map(([, name = '', labels = '']) => ({
    name,
    labels: [...labels.matchAll(/(\w+)\s*(?:=|!=|=~|!~)\s*"/g)].map(([, label = '']) => label),
  }));
}

describeChart('the dashboards of the chart', () => {
  let chart: Chart;
  let dashboards: readonly Dashboard[];
  let records: ReadonlySet<string>;

  beforeAll(async () => {
    const files = (await readdir(FOLDER)).sort();
    dashboards = await Promise.all(
      files.map(async (file) => JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Dashboard),
    );
    chart = await Chart.copy(helm ?? '');
    const set = ['monitoring.dashboard.enabled=true', 'monitoring.prometheusRule.enabled=true'];
    const rendered = await chart.render({ set });
    const rules = JSON.stringify(rendered.get('PrometheusRule', 'music-separation'));
    records = new Set([...rules.matchAll(/"record":"([^"]+)"/g)].map(([, name = '']) => name));
    const { data } = rendered.get('ConfigMap', 'music-separation-dashboard');
    expect(Object.keys(data ?? {})).toEqual(files);
    expect(Object.values(data ?? {}).map((json) => JSON.parse(json) as unknown)).toEqual(dashboards);
  });

  afterAll(() => chart.close());

  it('answer one question each', () => {
    expect(dashboards.map(({ title }) => title)).toEqual([
      'Music separation: what does a song cost?',
      'Music separation: is it slow?',
      'Music separation: who waits?',
      'Music separation: why is it slow?',
    ]);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  });

  it('show only what the servers, the kubelet and the recording rules export, of one namespace', async () => {
    const series = await exportedSeries();
    const unknown = dashboards.flatMap(({ panels }) =>
      panels.flatMap(({ title, targets }) =>
        targets.flatMap(({ expr }) => {
          const selectors = selectorsOf(expr);
          const isBare = selectors.length === 0 || selectors.some(({ labels }) => !labels.includes('namespace'));
          const wrong = selectors.filter(({ name, labels }) => {
            if (OF_KUBELET.test(name) || records.has(name)) return false;
            const own = series.get(name);
            return own === undefined || labels.some((label) => ![...own, ...ADDED].includes(label));
          });
          return isBare || wrong.length > 0 ? [{ title, expr, wrong }] : [];
        }),
      ),
    );
    expect(unknown).toEqual([]);
  });

  it('leave none of our metrics out that users wait for', async () => {
    const shown = JSON.stringify(dashboards);
    const own = [...(await exportedSeries()).keys()].filter((name) => /^(queue|separation|engine|webhook)_/.test(name));
    const names = new Set(own.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...names].filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('tell queues apart', () => {
    const exprs = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
    const ofQueues = exprs.filter((expr) => /queue_(jobs|oldest_wait_seconds)/.test(expr));
    expect(ofQueues).toHaveLength(3);
    expect(ofQueues.filter((expr) => !/^max by \(queue\b/.test(expr))).toEqual([]);
  });

  withPromtool('ask what Prometheus can answer', async () => {
    const exprs = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
    const rules = exprs.map((expr, at) => ({
      record: `panel:${at}`,
      expr: expr.replaceAll('$namespace', 'music').replaceAll('$__rate_interval', '5m'),
    }));
    const file = join(chart.folder, 'dashboards.yaml');
    await writeFile(file, stringify({ groups: [{ name: 'dashboards', rules }] }));
    expect(await promtool('check', 'rules', file)).toContain('SUCCESS');
  });

  it('leave no metric of ours out of the page about metrics', async () => {
    const page = await readFile('docs/logs-and-metrics.md', 'utf8');
    const own = [...(await exportedSeries()).keys()].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    const missing = own.filter((name) => !/^(process|nodejs)_/.test(name) && !page.includes(`| \`${name}\``));
    expect(missing).toEqual([]);
  });
});
