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

/** a rest-server that reaches Redis */
const ANSWERS = { 'queue_reachable{namespace="music"}': '1x500' };

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

const RUNBOOK = 'https://wiki.example/music';

const BROKEN: Series = {
  'queue_oldest_wait_seconds{namespace="music",queue="toWorkers"}': '1000x30',
  'queue_jobs{namespace="music",queue="toWorkers",state="waiting"}': '3x30',
  'engine_ready{namespace="music",queue="toWorkers"}': '0x30',
  'engine_restarts_total{namespace="music",cause="crashed"}': '0+1x30',
  'queue_reachable{namespace="music"}': '0x30',
  'webhook_oldest_due_seconds{namespace="music"}': '301x30',
  ...volume('minio-ns', 'minio', 5),
};

/** of 100 bytes */
function volume(namespace: string, claim: string, available: number): Series {
  const labels = `{namespace="${namespace}",persistentvolumeclaim="${claim}"}`;
  return {
    [`kubelet_volume_stats_available_bytes${labels}`]: `${available}x40`,
    [`kubelet_volume_stats_capacity_bytes${labels}`]: '100x40',
  };
}

/** A song that waits in this queue, and the ready engines of its workers. */
function pool(queue: string, ready: number): Series {
  return {
    [`queue_jobs{namespace="music",queue="${queue}",state="waiting"}`]: '1x40',
    [`engine_ready{namespace="music",queue="${queue}"}`]: `${ready}x40`,
  };
}

describeChart('the alerts of the chart', () => {
  let chart: Chart;
  let folder: string;
  let groups: readonly Group[];

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    folder = await mkdtemp(join(tmpdir(), 'rules-'));
    groups = await rulesWith([`monitoring.prometheusRule.runbookUrl=${RUNBOOK}`]);
  });

  /** Renders the rules, which promtool reads next. */
  async function rulesWith(set: readonly string[], values?: string): Promise<readonly Group[]> {
    const rendered = await chart.render({
      set: ['monitoring.prometheusRule.enabled=true', ...set],
      ...(values !== undefined && { values }),
    });
    const { spec } = rendered.get('PrometheusRule', 'music-separation') as unknown as { spec: { groups: Group[] } };
    await writeFile(join(folder, 'rules.yaml'), stringify({ groups: spec.groups }));
    return spec.groups;
  }

  afterAll(async () => {
    await chart.close();
    await rm(folder, { recursive: true });
  });

  const alerts = (): Rule[] => groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

  it('have an entry in the runbook each, which they link to', async () => {
    const page = await readFile('docs/runbook.md', 'utf8');
    for (const { alert = '', annotations } of alerts()) {
      expect(page).toContain(`\n## ${alert}\n`);
      expect(annotations?.['runbook_url']).toBe(`${RUNBOOK}#${alert.toLowerCase()}`);
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
      input_series: Object.entries({ ...ANSWERS, ...series }).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [{ expr, eval_time: `${minute}m`, exp_samples: counted }],
    };
    const file = join(folder, 'test.yaml');
    // promtool's own order is random: alerts would miss what rules record at the same minute
    const group_eval_order = groups.map(({ name }) => name);
    const rules = { rule_files: ['rules.yaml'], evaluation_interval: `${every}m`, group_eval_order };
    await writeFile(file, stringify({ ...rules, tests: [test] }));
    expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
  }

  withPromtool('fire when what they tell of happens', async () => {
    const broken = ['SongsWaitTooLong warning', 'NoWorker critical', 'EngineRestarts warning', 'WebhooksLate warning'];
    await expectFiring(BROKEN, 30, [...broken, 'QueueUnreachable critical', 'DiskFillsUp warning']);
  });

  withPromtool('tell that no rest-server answers', async () => {
    await expectFiring({ 'queue_reachable{namespace="music"}': '1x20 _x20' }, 20, []);
    await expectFiring({ 'queue_reachable{namespace="music"}': '1x20 _x20' }, 40, ['RestServerDown critical']);
  });

  withPromtool('see the dead pool beside one that works', async () => {
    await expectFiring({ ...pool('toWorkers', 1), ...pool('toWorkers-gpu', 0) }, 15, ['NoWorker critical']);
    await expectFiring({ ...pool('toWorkers', 1), ...pool('toWorkers-gpu', 2) }, 15, []);
  });

  withPromtool('give a pool that may scale to zero the time that songs may wait', async () => {
    const gpu = [
      'enabled=true',
      'models[0]=htdemucs_ft',
      'autoscaling.mode=keda',
      'autoscaling.minReplicas=0',
      'accelerator=nvidia-l4',
    ];
    await rulesWith(gpu.map((value) => `workers.gpu.${value}`));
    const idle = pool('toWorkers-gpu', 0);
    await expectFiring(idle, 14, []);
    await expectFiring(idle, 16, ['NoWorker critical']);
    await expectFiring(pool('toWorkers', 0), 14, ['NoWorker critical']);
    await rulesWith([]);
  });

  withPromtool('watch the disks of this release alone', async () => {
    const full = ['DiskFillsUp warning'];
    await expectFiring(volume('music', 'redis-data-redis-master-0', 5), 20, full);
    await expectFiring(volume('others', 'minio', 5), 20, []);
    await rulesWith([], 'official-stores');
    for (const claim of ['data-seaweedfs-0', 'data-valkey-0']) await expectFiring(volume('music', claim, 5), 20, full);
    await expectFiring(volume('minio-ns', 'minio', 5), 20, []);
    await rulesWith([]);
  });

  it('have links only where somebody keeps the runbook', async () => {
    const rules = (await rulesWith([])).flatMap((group) => group.rules);
    expect(rules.filter(({ annotations }) => annotations !== undefined).length).toBeGreaterThan(0);
    expect(rules.filter(({ annotations = {} }) => 'runbook_url' in annotations)).toEqual([]);
  });

  withPromtool('page when most songs of an hour are late or fail', async () => {
    await expectFiring(LATE_FROM_300, 299, []);
    const late = ['FirstSoundLate', 'SongsLate', 'TooManySongsFail'];
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
    await expectFiring(quiet, 54, ['TooManySongsFail warning']);
  });
});
