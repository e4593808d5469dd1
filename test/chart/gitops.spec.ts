import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeChart, helm } from './cases.js';
import { Chart } from './chart.js';

/** Argo CD renders with `helm template`: nothing can be looked up */
describeChart('the chart in GitOps', () => {
  let chart: Chart;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
  });

  afterAll(() => chart.close());

  it.each(['default', 'official-stores'])('renders the %s values equally without generated Secrets', async (values) => {
    const options = { set: ['generateSecrets=false'], values };
    const [first, second] = [await chart.render(options), await chart.render(options)];
    expect(second.objects).toEqual(first.objects);
    expect(first.ofKind('Secret')).toEqual([]);
    const names = JSON.stringify(first.objects).match(/"separation-(redis|s3|api-keys)"/g);
    expect(new Set(names)).toEqual(new Set(['"separation-redis"', '"separation-s3"', '"separation-api-keys"']));
  });

  it('takes Secrets of other names', async () => {
    const set = ['apiKeys.existingSecret=a', 'redis.auth.existingSecret=b', 'minio.auth.existingSecret=c'];
    const [first, second] = [await chart.render({ set }), await chart.render({ set })];
    expect(second.objects).toEqual(first.objects);
    expect(first.ofKind('Secret')).toEqual([]);
  });

  it('otherwise makes other passwords each time, and says so in what it renders', async () => {
    const [first, second] = [await chart.render(), await chart.render()];
    expect(second.ofKind('Secret')).not.toEqual(first.ofKind('Secret'));
    expect(await chart.text()).toContain('each rendering makes other passwords: set generateSecrets to false.');
  });
});
