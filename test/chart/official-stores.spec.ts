import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { describeChart, helm } from './cases.js';
import { Chart, environment, type Rendered } from './chart.js';
import { Network, type NetworkPod } from './network.js';

const PORTS = { valkey: 6379, seaweedfs: 8333 };

describeChart('the stores on official images', () => {
  let chart: Chart;
  let rendered: Rendered;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    rendered = await chart.render({ values: 'official-stores', set: ['workers.cpu.autoscaling.mode=keda'] });
  });

  afterAll(() => chart.close());

  it('replace both charts of Bitnami, and the service finds them', () => {
    expect(rendered.ofKind('ConfigMap').map(({ metadata }) => metadata.name)).not.toContain('stub-redis');
    expect(rendered.ofKind('Namespace')).toEqual([]);
    expect(environment(rendered.container('worker-server'))).toMatchObject({
      REDIS_URL: 'redis://:$(REDIS_PASSWORD)@valkey:6379/0',
      REDIS_PASSWORD: 'separation-redis.redis-password',
      S3_ENDPOINT: 'http://seaweedfs:8333',
      S3_ACCESS_KEY: 'separation-s3.access-key',
      S3_SECRET_KEY: 'separation-s3.secret-key',
    });
    expect(rendered.get('ScaledObject', 'worker-server').spec?.triggers?.[0]?.metadata).toMatchObject({
      address: 'valkey.music.svc.cluster.local:6379',
    });
  });

  it('are the images of compose.yaml', async () => {
    const compose = parse(await readFile(resolve('compose.yaml'), 'utf8')) as {
      services: Record<'redis' | 's3', { image: string }>;
    };
    expect(rendered.container('valkey').image).toBe(`docker.io/${compose.services.redis.image}`);
    expect(rendered.container('seaweedfs').image).toBe(`docker.io/${compose.services.s3.image}`);
  });

  it('hide master, volumes and filer of SeaweedFS from other pods: they ask for no key', () => {
    const { args = [] } = rendered.container('seaweedfs');
    const bound = args.filter((argument) => /^-(\w+\.)?ip/.test(argument));
    expect(bound).toEqual(['-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-s3.ip.bind=0.0.0.0']);
  });

  it('come from the registry of all images, if there is one', async () => {
    const own = await chart.render({ values: 'official-stores', set: ['global.imageRegistry=registry.example'] });
    for (const { spec } of own.pods) expect(spec.containers[0]?.image).toMatch(/^registry\.example\//);
  });

  it('keep their disks and Secrets when the release is removed', () => {
    for (const name of Object.keys(PORTS)) {
      expect(rendered.ofKind('PersistentVolumeClaim')).toEqual([]);
      expect(rendered.get('StatefulSet', name).spec).toMatchObject({
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      });
    }
    for (const name of ['separation-redis', 'separation-s3']) {
      expect(rendered.get('Secret', name).metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  it('are open to those that need them, and reach nothing', () => {
    const network = new Network(rendered.ofKind('NetworkPolicy'));
    const pods: Record<string, NetworkPod> = {
      ...Object.fromEntries(rendered.pods.map((pod) => [pod.owner, pod])),
      keda: { namespace: 'keda', labels: {} },
      stranger: { namespace: 'music', labels: { app: 'stranger' } },
    };
    const reaching = (to: keyof typeof PORTS): string[] =>
      Object.entries(pods)
        .filter(([from, pod]) => from !== to && network.allows(pod, rendered.pod(to), PORTS[to]))
        .map(([from]) => from)
        .sort();
    const tests = ['answers', 'redis', 'song'].map((test) => `music-separation-test-${test}`);
    expect(reaching('valkey')).toEqual(['keda', 'logs', ...tests, 'rest-server', 'worker-server']);
    expect(reaching('seaweedfs')).toEqual(['rest-server', 'worker-server']);
    for (const store of Object.keys(PORTS)) expect(network.allowsOut(rendered.pod(store), 443)).toBe(false);
  });
});
