import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LOG_STREAM } from '@app/logging';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describeChart, helm } from './cases.js';
import { Chart, environment, type Rendered } from './chart.js';

describeChart('the objects of the chart', () => {
  let chart: Chart;
  let rendered: Rendered;
  let everything: Rendered;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    rendered = await chart.render({ apis: [] });
    everything = await chart.render({ values: 'everything' });
  });

  afterAll(() => chart.close());

  it.each([
    ['Deployment', 'rest-server', 'music'],
    ['Deployment', 'worker-server', 'music'],
    ['Deployment', 'logs', 'music'],
    ['Service', 'rest-server', 'music'],
    ['Service', 'minio', 'music'],
    ['Namespace', 'minio-ns', undefined],
    ['Secret', 'separation-redis', 'music'],
    ['Secret', 'separation-api-keys', 'music'],
    ['PodDisruptionBudget', 'rest-server', 'music'],
    ['PodDisruptionBudget', 'worker-server', 'music'],
    ['Pod', 'music-separation-test-song', 'music'],
  ])('has the %s %s', (kind, name, namespace) => {
    expect(rendered.get(kind, name).metadata.namespace).toBe(namespace);
  });

  it('exposes rest-server alone on a NodePort', () => {
    const services = rendered.ofKind('Service').map(({ metadata, spec }) => [metadata.name, spec?.type]);
    expect(services).toEqual([
      ['minio', 'ExternalName'],
      ['rest-server', 'NodePort'],
    ]);
    expect(everything.get('Service', 'rest-server').spec?.ports?.[0]).toMatchObject({ nodePort: 30_080 });
  });

  it('names the jobs of Prometheus as the pods are named', () => {
    const monitors = everything.ofKind('PodMonitor');
    expect(monitors.map(({ metadata }) => metadata.name)).toEqual(['rest-server', 'worker-server']);
    for (const { spec } of monitors) expect(spec?.jobLabel).toBe('app.kubernetes.io/name');
    const names = ['rest-server', 'worker-server', 'worker-server-gpu'];
    const labels = names.map((name) => everything.pod(name).labels['app.kubernetes.io/name']);
    expect(labels).toEqual(names);
  });

  it('reaches MinIO in its own namespace through an ExternalName', () => {
    expect(rendered.get('Service', 'minio').spec?.externalName).toBe('minio.minio-ns.svc.cluster.local');
    for (const part of ['rest-server', 'worker-server']) {
      expect(environment(rendered.container(part))['S3_ENDPOINT']).toBe('http://minio:9000');
    }
  });

  it('tells the program that fetches models which licenses are allowed, and accepted', async () => {
    const set = ['models.licences={permissive,none-stated}', 'models.acceptLicences={none-stated}'];
    const [init] = (await chart.render({ set })).pod('worker-server').spec.initContainers ?? [];
    expect(init && environment(init)).toMatchObject({
      MODEL: 'htdemucs',
      MODEL_LICENCES: 'permissive,none-stated',
      ACCEPT_LICENCES: 'none-stated',
    });
  });

  it('copies models from the bucket with a program of the worker', async () => {
    const set = ['models.source=bucket', 'models.default=htdemucs', 'models.bucketPrefix=ours/'];
    const [init] = (await chart.render({ set })).pod('worker-server').spec.initContainers ?? [];
    const [, program = '', ...args] = init?.command ?? [];
    expect(args).toEqual(['--prefix', 'ours/', 'htdemucs']);
    expect(existsSync(program.replace('dist/apps/worker/', '').replace(/\.js$/, '.ts'))).toBe(true);
  });

  it('sets the names, Secrets and durability of the subcharts', () => {
    expect(rendered.subchart('redis')).toMatchObject({
      fullnameOverride: 'redis',
      architecture: 'standalone',
      auth: { enabled: true, existingSecret: 'separation-redis', existingSecretPasswordKey: 'redis-password' },
      master: { service: { type: 'ClusterIP' }, enableServiceLinks: false },
    });
    for (const line of ['appendonly yes', 'appendfsync everysec', 'maxmemory-policy noeviction']) {
      expect(rendered.subchart('redis')?.['commonConfiguration']).toContain(line);
    }
    expect(rendered.subchart('minio')).toMatchObject({
      fullnameOverride: 'minio',
      namespaceOverride: 'minio-ns',
      auth: { existingSecret: 'separation-s3', rootUserSecretKey: 'access-key', rootPasswordSecretKey: 'secret-key' },
      defaultBuckets: 'music',
      updateStrategy: { type: 'Recreate' },
      service: { type: 'ClusterIP', ports: { api: 9000 } },
      persistence: { annotations: { 'helm.sh/resource-policy': 'keep' } },
    });
  });

  it('makes one pair of S3 keys for both namespaces, new for each install, and keeps them after uninstall', async () => {
    const pairs = ({ objects }: Rendered): unknown[] =>
      objects.filter(({ kind, metadata }) => kind === 'Secret' && metadata.name === 'separation-s3').map((s) => s.data);
    const [first, second, ...more] = pairs(rendered);
    expect(second).toEqual(first);
    expect(more).toEqual([]);
    expect(pairs(await chart.render({ apis: [] }))[0]).not.toEqual(first);
    for (const { metadata } of rendered.ofKind('Secret')) {
      expect(metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  it('requires an access key by default, and gives rest-server the digest of the generated key', () => {
    const decode = (entry: string): string =>
      Buffer.from(rendered.get('Secret', 'separation-api-keys').data?.[entry] ?? '', 'base64').toString();
    const digest = createHash('sha256').update(decode('default-key')).digest('hex');
    expect(decode('api-keys')).toBe(`default:${digest}\n`);
    expect(environment(rendered.container('rest-server'))['API_KEYS_FILE']).toBe('/etc/separation/api-keys');
  });

  it('gives rest-server one bounded volume, for formats made on demand', () => {
    const { readOnlyRootFilesystem } = rendered.container('rest-server').securityContext ?? {};
    const mounts = rendered.container('rest-server').volumeMounts ?? [];
    const writable = mounts.filter(({ readOnly }) => readOnly !== true);
    expect([readOnlyRootFilesystem, writable]).toEqual([true, [{ name: 'tmp', mountPath: '/tmp' }]]);
    const volume = rendered.pod('rest-server').spec.volumes?.find(({ name }) => name === 'tmp');
    expect(volume).toEqual({ name: 'tmp', emptyDir: { sizeLimit: '12Gi' } });
  });

  it('gives the worker volumes to write to, and enough time to hand back its song', () => {
    const { spec } = rendered.pod('worker-server');
    const worker = rendered.container('worker-server');
    const writable = (worker.volumeMounts ?? []).filter(({ readOnly }) => readOnly !== true);
    expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/scratch', '/cache', '/tmp']);
    const { SCRATCH_DIR, ENGINE_CACHE_DIR, SHUTDOWN_GRACE_SECONDS } = environment(worker);
    expect([SCRATCH_DIR, ENGINE_CACHE_DIR]).toEqual(['/scratch', '/cache']);
    // after its grace period the worker takes at most 15 s
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(SHUTDOWN_GRACE_SECONDS) + 15);
  });

  it('puts the GPU pool on GPU nodes and rolls it out without a spare GPU', () => {
    const { spec } = everything.pod('worker-server-gpu');
    expect(spec.nodeSelector).toEqual({ 'cloud.google.com/gke-accelerator': 'nvidia-l4' });
    expect(spec.tolerations?.map(({ key }) => key)).toEqual(['nvidia.com/gpu']);
    expect(everything.container('worker-server-gpu').resources?.limits).toMatchObject({ 'nvidia.com/gpu': 1 });
    expect(environment(everything.container('worker-server-gpu'))['DEVICE']).toBe('cuda');
    expect(everything.get('Deployment', 'worker-server-gpu').spec?.strategy?.rollingUpdate).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    });
  });

  it('leaves the ids of pods to an OpenShift that it finds', async () => {
    const openShift = await chart.render({ apis: ['security.openshift.io/v1'] });
    for (const { spec } of openShift.pods) expect(spec.securityContext?.runAsUser).toBeUndefined();
    for (const { spec } of rendered.pods) expect(spec.securityContext?.runAsUser).toBe(1000);
  });

  it('has values that fit on a few screens', async () => {
    expect((await readFile('charts/music-separation/values.yaml', 'utf8')).split('\n').length).toBeLessThan(300);
  });

  it('runs one pod of logs, on the stream the services write', () => {
    expect(rendered.get('Deployment', 'logs').spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(LOG_STREAM).toBe('logging');
  });
});
