import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { WAITS } from '../../apps/worker/src/metrics/worker-metrics.js';
import { describeChart, helm } from './cases.js';
import { Chart } from './chart.js';
import { promtool, withPromtool } from './promtool.js';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** what a pod has after each minute, in promtool's notation */
type Series = Readonly<Record<string, string>>;

/** songs of a service that separates one each minute, and lets some of them wait from minute 300 on */
const LATE_FROM_300: Series = {
  'separation_first_sound_seconds_count{namespace="music"}': '0+1x500',
  'separation_first_sound_seconds_bucket{namespace="music",le="60"}': '0+1x300 300+0x200',
  'separation_manifest_seconds_count{namespace="music"}': '0+1x500',
  // as Prometheus 3 names it
  'separation_manifest_seconds_bucket{namespace="music",le="900.0"}': '0+1x300 300+0x200',
  'separations_total{namespace="music",outcome="completed"}': '0+1x300 300+0x200',
  'separations_total{namespace="music",outcome="failed"}': '0x300 0+1x200',
};

const BROKEN: Series = {
  'queue_oldest_wait_seconds{namespace="music"}': '1000x30',
  'queue_jobs{namespace="music",state="waiting"}': '3x30',
  'engine_ready{namespace="music"}': '0x30',
  'engine_restarts_total{namespace="music",cause="crashed"}': '0+1x30',
  'queue_reachable{namespace="music"}': '0x30',
  'kubelet_volume_stats_available_bytes{persistentvolumeclaim="minio"}': '5x30',
  'kubelet_volume_stats_capacity_bytes{persistentvolumeclaim="minio"}': '100x30',
};

describeChart('the alerts of the chart', () => {
  let chart: Chart;
  let folder: string;
  let groups: readonly Group[];

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    folder = await mkdtemp(join(tmpdir(), 'rules-'));
    const rendered = await chart.render({ set: ['monitoring.prometheusRule.enabled=true'] });
    const { spec } = rendered.get('PrometheusRule', 'music-separation') as unknown as { spec: { groups: Group[] } };
    groups = spec.groups;
    await writeFile(join(folder, 'rules.yaml'), stringify({ groups }));
  });

  afterAll(async () => {
    await chart.close();
    await rm(folder, { recursive: true });
  });

  const alerts = (): Rule[] => groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

  it('have an entry in the runbook each, which they link to', async () => {
    const page = await readFile('docs/runbook.md', 'utf8');
    for (const { alert = '', annotations } of alerts()) {
      expect(page).toContain(`\n## ${alert}\n`);
      expect(annotations?.['runbook_url']).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    }
    const entries = [...page.matchAll(/^## ([A-Z]\w+)$/gm)].map(([, name]) => name);
    expect(new Set(entries)).toEqual(new Set(alerts().map(({ alert }) => alert)));
  });

  it('have objectives that are buckets of the metrics', async () => {
    const schema = JSON.parse(await readFile('charts/music-separation/values.schema.json', 'utf8')) as unknown;
    const enums = [...JSON.stringify(schema).matchAll(/"(?:firstSound|manifest)Seconds":\{"enum":(\[.*?\])\}/g)];
    expect(enums.map(([, values = '']) => JSON.parse(values) as unknown)).toEqual([[...WAITS], [...WAITS]]);
  });

  withPromtool('are rules that Prometheus takes', async () => {
    expect(await promtool('check', 'rules', join(folder, 'rules.yaml'))).toContain('SUCCESS');
  });

  /** Lists what fires at that minute, as `alert severity`. There is a sample, and an evaluation, each `every` minutes. */
  async function expectFiring(series: Series, minute: number, firing: readonly string[], every = 1): Promise<void> {
    const counted = firing.map((name) => {
      const [alertname, severity] = name.split(' ');
      return { labels: `{alertname="${alertname ?? ''}", severity="${severity ?? ''}"}`, value: 1 };
    });
    const expr = 'count by (alertname, severity) (ALERTS{alertstate="firing"})';
    const test = {
      interval: `${every}m`,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [{ expr, eval_time: `${minute}m`, exp_samples: counted }],
    };
    const file = join(folder, 'test.yaml');
    await writeFile(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: `${every}m`, tests: [test] }));
    expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
  }

  withPromtool('fire when what they tell of happens', async () => {
    const broken = ['SongsWaitTooLong warning', 'NoWorker critical', 'EngineRestarts warning'];
    await expectFiring(BROKEN, 30, [...broken, 'QueueUnreachable critical', 'DiskFillsUp warning']);
  });

  withPromtool('page when most songs of an hour are late or fail', async () => {
    await expectFiring(LATE_FROM_300, 299, []);
    const late = ['FirstSoundLate', 'SongsLate', 'SongsFail'];
    const both = late.flatMap((alert) => [`${alert} critical`, `${alert} warning`]);
    await expectFiring(LATE_FROM_300, 365, [...both, 'SeparationsFail warning']);
  });

  withPromtool('only warn of songs that are late a little too often for days', async () => {
    // of 100 songs, 8 are late, and 5 may be
    const slowly = {
      'separation_manifest_seconds_count{namespace="music"}': '0+100x300',
      'separation_manifest_seconds_bucket{namespace="music",le="900"}': '0+92x300',
    };
    await expectFiring(slowly, 4395, ['SongsLate warning'], 15);
    const wellEnough = { ...slowly, 'separation_manifest_seconds_bucket{namespace="music",le="900"}': '0+96x300' };
    await expectFiring(wellEnough, 4395, [], 15);
  });

  withPromtool('wake nobody up for two bad songs of a quiet service', async () => {
    const quiet = {
      'separations_total{namespace="music",outcome="completed"}': '0x60',
      'separations_total{namespace="music",outcome="failed"}': '0x50 1 2x9',
    };
    await expectFiring(quiet, 54, ['SongsFail warning']);
  });
});
