import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RedisKeys } from '@app/redis';
import { describeChart, helm } from './cases.js';
import { Chart, type Rendered } from './chart.js';

describeChart('autoscaling by queue length', () => {
  let chart: Chart;
  let rendered: Rendered;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    rendered = await chart.render({ values: 'everything' });
  });

  afterAll(() => chart.close());

  it.each(['worker-server', 'worker-server-gpu'])(
    'counts for %s what waits and what runs, by the queue keys',
    (pool) => {
      const keys = new RedisKeys();
      const triggers = rendered.get('ScaledObject', pool).spec?.triggers ?? [];
      const states = ['wait', 'prioritized', 'active', 'delayed'] as const;
      expect(triggers.map(({ name, metadata }) => [name, metadata.listName])).toEqual(
        states.map((state) => [state, keys.queue().state(state)]),
      );
      const { formula } = rendered.get('ScaledObject', pool).spec?.advanced?.scalingModifiers ?? {};
      expect(formula?.split(' + ')).toEqual([...states]);
    },
  );

  it('logs in to the bundled Redis and to an external one with their own passwords', async () => {
    const trigger = (of: Rendered): unknown => of.get('ScaledObject', 'worker-server').spec?.triggers?.[0];
    expect(trigger(rendered)).toMatchObject({
      metadata: { address: 'redis-master.music.svc.cluster.local:6379' },
      authenticationRef: { name: 'separation-redis' },
    });
    const external = await chart.render({ values: 'external' });
    expect(trigger(external)).toMatchObject({
      metadata: { address: 'redis.example.internal:6380', enableTLS: 'true' },
    });
    expect(external.get('TriggerAuthentication', 'separation-redis').spec).toEqual({
      secretTargetRef: [{ parameter: 'password', name: 'my-redis', key: 'redis-password' }],
    });
  });

  it('scales to zero on request', async () => {
    const { spec } = (await chart.render({ values: 'gpu-keda' })).get('ScaledObject', 'worker-server-gpu');
    expect(spec?.minReplicaCount).toBe(0);
  });
});
