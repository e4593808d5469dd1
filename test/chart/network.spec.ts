import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeChart, helm } from './cases.js';
import { Chart, type Rendered } from './chart.js';
import { Network, type NetworkPod } from './network.js';

const REDIS = 6379;
const S3 = 9000;
const API = 3000;
const PROBES = 3001;
const METRICS = 3002;

describeChart('the NetworkPolicies', () => {
  let chart: Chart;
  let rendered: Rendered;
  let pods: Record<string, NetworkPod>;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    rendered = await chart.render({ values: 'everything' });
    const bitnami = (name: string, namespace: string): NetworkPod => ({
      namespace,
      labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': 'songs' },
    });
    pods = {
      ...Object.fromEntries(rendered.pods.map((pod) => [pod.owner, pod])),
      redis: bitnami('redis', 'music'),
      minio: bitnami('minio', 'minio-ns'),
      stranger: { namespace: 'music', labels: { app: 'stranger' } },
      prometheus: { namespace: 'monitoring', labels: {} },
      keda: { namespace: 'keda', labels: {} },
    };
  });

  afterAll(() => chart.close());

  it('allow the needed connections and no others', () => {
    const network = new Network(rendered.ofKind('NetworkPolicy'));
    const ports = { 'rest-server': API, 'worker-server': PROBES, 'worker-server-gpu': PROBES, redis: REDIS, minio: S3 };
    const through = Object.entries(ports).flatMap(([to, port]) =>
      Object.keys(pods)
        .filter((from) => from !== to && reaches(network, from, to, port))
        .map((from) => `${from} > ${to}`),
    );
    expect(through.sort()).toEqual(
      [
        'keda > redis',
        'logs > redis',
        'music-separation-test-answers > redis',
        'music-separation-test-answers > rest-server',
        'music-separation-test-redis > redis',
        'music-separation-test-redis > rest-server',
        'music-separation-test-song > redis',
        'music-separation-test-song > rest-server',
        'prometheus > worker-server',
        'prometheus > worker-server-gpu',
        'rest-server > minio',
        'rest-server > redis',
        'worker-server > minio',
        'worker-server > redis',
        'worker-server-gpu > minio',
        'worker-server-gpu > redis',
      ].sort(),
    );
    expect(Object.keys(pods).filter((from) => reaches(network, from, 'rest-server', METRICS))).toEqual(['prometheus']);
  });

  it.each<[who: string, set: string[]]>([
    ['prometheus', []],
    ['metrics', ['networkPolicy.monitoringNamespace=observability']],
    ['nobody', ['networkPolicy.monitoringNamespace=']],
  ])('open the ports of metrics to %s, without the Prometheus operator', async (who, set) => {
    const network = new Network((await chart.render({ apis: [], set })).ofKind('NetworkPolicy'));
    const [server, worker] = [pods['rest-server'], pods['worker-server']];
    if (server === undefined || worker === undefined) throw new Error('the chart has no such pods');
    const scrapers = { ...pods, metrics: { namespace: 'observability', labels: {} } };
    const through = Object.entries(scrapers)
      .filter(([, from]) => network.allows(from, server, METRICS) || network.allows(from, worker, PROBES))
      .map(([name]) => name);
    expect(through).toEqual(who === 'nobody' ? [] : [who]);
  });

  it('let no other pod out of the cluster', async () => {
    const hub = await chart.render();
    const network = new Network(hub.ofKind('NetworkPolicy'));
    const out = hub.pods.filter((pod) => network.allowsOut(pod, 443)).map(({ owner }) => owner);
    expect(out).toEqual(['worker-server']);
    const closed = new Network(rendered.ofKind('NetworkPolicy'));
    expect(rendered.pods.filter((pod) => closed.allowsOut(pod, 443))).toEqual([]);
  });

  it('allow the ports of external services', async () => {
    const external = await chart.render({ values: 'external' });
    const network = new Network(external.ofKind('NetworkPolicy'));
    const reached = (owner: string): number[] =>
      [53, 443, 6380, REDIS, S3].filter((port) => network.allowsOut(external.pod(owner), port));
    expect(reached('rest-server')).toEqual([53, 443, 6380]);
    expect(reached('worker-server')).toEqual([53, 443, 6380]);
    expect(reached('logs')).toEqual([53, 6380]);
  });

  function reaches(network: Network, from: string, to: string, port: number): boolean {
    const [source, target] = [pods[from], pods[to]];
    return source !== undefined && target !== undefined && network.allows(source, target, port);
  }
});
