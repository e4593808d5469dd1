import { expect } from '@jest/globals';
import { absent, container, field, names, pod, podLabels, variable, type Effects } from './effect.js';

const spot = { key: 'cloud.google.com/gke-spot', operator: 'Equal', value: 'true', effect: 'NoSchedule' };
const PARTS = ['rest-server', 'worker-server', 'logs'] as const;
const mountedBundle = { name: 'ca-bundle', mountPath: '/etc/separation-ca', readOnly: true };
const tcp = (port: number): unknown => ({ port, protocol: 'TCP' });
const having = (item: unknown): unknown => expect.arrayContaining([item]);

/** stores, models, sizes and pools */
export const SETTINGS: Effects = {
  'no-keys': [variable('rest-server', 'API_KEYS_FILE', undefined), absent('Secret', 'separation-api-keys')],
  'own-keys': [
    pod('rest-server', 'volumes.1.secret.secretName', 'my-keys'),
    absent('Secret', 'separation-api-keys'),
    variable('music-separation-test-song', 'API_KEY', 'my-keys.default-key'),
  ],
  'no-network-policies': [names('NetworkPolicy', [])],
  'redis-with-a-user': [
    variable('worker-server', 'REDIS_URL', 'rediss://songs:$(REDIS_PASSWORD)@redis.example.internal:6390/3'),
    variable('worker-server', 'REDIS_PASSWORD', 'my-redis.redis-password'),
    field('ScaledObject', 'worker-server', 'spec.triggers.0.metadata', {
      address: 'redis.example.internal:6390',
      listName: 'bull:toWorkers:wait',
      listLength: '1',
      activationListLength: '0',
      databaseIndex: '3',
      enableTLS: 'true',
      username: 'songs',
    }),
    absent('Secret', 'separation-redis'),
  ],
  'redis-by-a-short-name': [
    variable('worker-server', 'REDIS_URL', 'redis://queue:6379/0'),
    field('ScaledObject', 'worker-server', 'spec.triggers.0.metadata.address', 'queue.music.svc.cluster.local:6379'),
  ],
  'redis-without-password': [
    variable('logs', 'REDIS_URL', 'redis://10.0.0.5:6379/0'),
    variable('logs', 'REDIS_PASSWORD', undefined),
    names('TriggerAuthentication', []),
    field('ScaledObject', 'worker-server', 'spec.triggers.0.authenticationRef', undefined),
  ],
  'redis-sentinel': [
    ...PARTS.flatMap((part) => [
      variable(part, 'REDIS_SENTINELS', 'sentinel-0.redis:26379,sentinel-1.redis:26379,sentinel-2.redis'),
      variable(part, 'REDIS_SENTINEL_MASTER', 'music'),
      variable(part, 'REDIS_SENTINEL_PASSWORD', 'my-redis.sentinel-password'),
      variable(part, 'REDIS_URL', 'redis://:$(REDIS_PASSWORD)@music:6380/0'),
    ]),
    variable('music-separation-test-redis', 'REDIS_SENTINEL_MASTER', 'music'),
    field('NetworkPolicy', 'logs', 'spec.egress', having({ ports: [tcp(6380), tcp(26_379)] })),
    field('ScaledObject', 'worker-server', 'spec.triggers.0', {
      type: 'redis-sentinel',
      name: 'wait',
      metadata: {
        addresses: 'sentinel-0.redis:26379,sentinel-1.redis:26379,sentinel-2.redis',
        sentinelMaster: 'music',
        listName: 'bull:toWorkers:wait',
        listLength: '1',
        activationListLength: '0',
        databaseIndex: '0',
      },
      authenticationRef: { name: 'separation-redis' },
    }),
    field('TriggerAuthentication', 'separation-redis', 'spec.secretTargetRef', [
      { parameter: 'password', name: 'my-redis', key: 'redis-password' },
      { parameter: 'sentinelPassword', name: 'my-redis', key: 'sentinel-password' },
    ]),
  ],
  'ca-bundle': [
    ...[...PARTS, 'music-separation-test-redis'].flatMap((part) => [
      variable(part, 'NODE_EXTRA_CA_CERTS', '/etc/separation-ca/ca.crt'),
      container(part, 'volumeMounts', having(mountedBundle)),
      pod(
        part,
        'volumes',
        having({
          name: 'ca-bundle',
          configMap: { name: 'company-ca', items: [{ key: 'bundle.pem', path: 'ca.crt' }] },
        }),
      ),
    ]),
    pod(
      'worker-server',
      'initContainers.0.env',
      having({ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/separation-ca/ca.crt' }),
    ),
    pod('worker-server', 'initContainers.0.volumeMounts', having(mountedBundle)),
    field('TriggerAuthentication', 'separation-redis', 'spec.configMapTargetRef', [
      { parameter: 'ca', name: 'company-ca', key: 'bundle.pem' },
    ]),
  ],
  'ca-bundle-in-a-secret': [
    pod('logs', 'volumes', [
      { name: 'ca-bundle', secret: { secretName: 'company-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ]),
    field('TriggerAuthentication', 'separation-redis', 'spec.secretTargetRef', [
      { parameter: 'password', name: 'my-redis', key: 'redis-password' },
      { parameter: 'ca', name: 'company-ca', key: 'ca.crt' },
    ]),
  ],
  'own-s3': [
    variable('rest-server', 'S3_ENDPOINT', 'https://s3.example.internal:8333'),
    variable('rest-server', 'S3_REGION', 'eu-central-1'),
    variable('worker-server', 'S3_BUCKET', 'my-songs'),
    variable('worker-server', 'S3_ACCESS_KEY', 'my-s3.id'),
    variable('worker-server', 'S3_SECRET_KEY', 'my-s3.secret'),
    field('NetworkPolicy', 'rest-server', 'spec.egress', having({ ports: [{ port: 8333, protocol: 'TCP' }] })),
    absent('Service', 'minio'),
  ],
  's3-with-a-role': [
    ...(['rest-server', 'worker-server'] as const).flatMap((part) => [
      variable(part, 'S3_ENDPOINT', 'https://s3.eu-central-1.amazonaws.com'),
      variable(part, 'S3_ACCESS_KEY', undefined),
      variable(part, 'S3_SECRET_KEY', undefined),
    ]),
    pod(
      'worker-server',
      'initContainers.0.env',
      expect.not.arrayContaining([expect.objectContaining({ name: 'S3_ACCESS_KEY' })]),
    ),
    field('ServiceAccount', 'worker-server', 'metadata.annotations', {
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/songs',
    }),
    field('NetworkPolicy', 'worker-server', 'spec.egress', having({ ports: [tcp(443)] })),
  ],
  'models-on-a-claim': [
    pod('worker-server', 'volumes.3', {
      name: 'models',
      persistentVolumeClaim: { claimName: 'models', readOnly: true },
    }),
    pod('worker-server', 'initContainers', undefined),
  ],
  'models-from-an-image': [
    pod('worker-server', 'volumes.3.image', { reference: 'registry.example/models:1', pullPolicy: 'IfNotPresent' }),
  ],
  'models-from-a-mirror': [
    pod(
      'worker-server',
      'initContainers.0.env',
      having({ name: 'HF_ENDPOINT', value: 'https://hub.example.internal' }),
    ),
    pod('worker-server', 'volumes.3.emptyDir.sizeLimit', '8Gi'),
    variable('rest-server', 'MODEL', 'htdemucs_ft'),
  ],
  'permissive-models-alone': [
    variable('rest-server', 'MODEL_LICENCES', 'permissive,own'),
    pod('worker-server', 'initContainers.0.env', having({ name: 'ACCEPT_LICENCES', value: '' })),
  ],
  'long-songs': [
    variable('rest-server', 'MAX_UPLOAD_BYTES', '4294967296'),
    variable('worker-server', 'MAX_DURATION_SECONDS', '14400'),
    variable('rest-server', 'RETENTION_HOURS', '720'),
    container('worker-server', 'resources.limits', { memory: '4Gi', 'ephemeral-storage': '72Gi' }),
    pod('worker-server', 'volumes.0.emptyDir.sizeLimit', '64Gi'),
    pod('rest-server', 'volumes.0.emptyDir.sizeLimit', '48Gi'),
  ],
  'workers-by-cpu': [
    field('HorizontalPodAutoscaler', 'worker-server', 'spec.minReplicas', 2),
    field('HorizontalPodAutoscaler', 'worker-server', 'spec.maxReplicas', 9),
    field('HorizontalPodAutoscaler', 'worker-server', 'spec.metrics.0.resource.target.averageUtilization', 60),
  ],
  'workers-from-zero': [
    field('ScaledObject', 'worker-server', 'spec.minReplicaCount', 0),
    field('ScaledObject', 'worker-server', 'spec.maxReplicaCount', 50),
    field('ScaledObject', 'worker-server', 'spec.cooldownPeriod', 60),
    field('ScaledObject', 'worker-server', 'spec.advanced.scalingModifiers.target', '2'),
  ],
  'workers-in-bf16': [
    variable('worker-server', 'PRECISION', 'bf16'),
    variable('worker-server', 'WORKER_CONCURRENCY', '2'),
    variable('worker-server', 'WORKER_PREFETCH', '1'),
    container('worker-server', 'resources.limits.cpu', '8'),
  ],
  'gpus-on-spot-nodes': [
    absent('Deployment', 'worker-server'),
    pod('worker-server-gpu', 'tolerations', having(spot)),
    pod('worker-server-gpu', 'terminationGracePeriodSeconds', 25),
  ],
  'gpu-pools': [
    names('Deployment', [
      'logs',
      'rest-server',
      'worker-server-gpu-spot',
      'worker-server-gpu-a100',
      'worker-server-gpu-slices',
    ]),
    names('ServiceAccount', ['logs', 'rest-server', 'worker-server']),
    pod('worker-server-gpu-spot', 'tolerations', having(spot)),
    pod('worker-server-gpu-spot', 'terminationGracePeriodSeconds', 25),
    field('ScaledObject', 'worker-server-gpu-spot', 'spec.minReplicaCount', 0),
    field('ScaledObject', 'worker-server-gpu-spot', 'spec.maxReplicaCount', 8),
    field('ScaledObject', 'worker-server-gpu-spot', 'spec.cooldownPeriod', 60),
    pod('worker-server-gpu-a100', 'nodeSelector', { 'cloud.google.com/gke-accelerator': 'nvidia-tesla-a100' }),
    pod('worker-server-gpu-a100', 'priorityClassName', 'songs'),
    pod('worker-server-gpu-a100', 'terminationGracePeriodSeconds', 320),
    pod('worker-server-gpu-a100', 'tolerations.1', undefined),
    podLabels('worker-server-gpu-a100', expect.objectContaining({ 'separation/pool': 'gpu-a100' })),
    variable('worker-server-gpu-a100', 'PRECISION', 'tf32'),
    variable('worker-server-gpu-a100', 'WORKER_CONCURRENCY', '4'),
    container('worker-server-gpu-a100', 'resources.limits', {
      memory: '24Gi',
      'ephemeral-storage': '24Gi',
      'nvidia.com/gpu': 1,
    }),
    field('Deployment', 'worker-server-gpu-a100', 'spec.replicas', 2),
    absent('ScaledObject', 'worker-server-gpu-a100'),
    container('worker-server-gpu-slices', 'resources.limits', {
      memory: '12Gi',
      'ephemeral-storage': '24Gi',
      'nvidia.com/mig-1g.10gb': 1,
    }),
    pod('worker-server-gpu-slices', 'tolerations.0.key', 'slices'),
    field('PodDisruptionBudget', 'worker-server-gpu-slices', 'spec.maxUnavailable', 1),
  ],
  'gpus-of-a-pod': [
    variable('worker-server-gpu', 'ENGINES', '4'),
    variable('worker-server-gpu', 'DEVICE', 'cuda'),
    container('worker-server-gpu', 'resources.limits', expect.objectContaining({ 'nvidia.com/gpu': 4 })),
    // gpus × concurrency + prefetch
    variable('worker-server-gpu', 'WORKER_CONCURRENCY', '2'),
    variable('worker-server-gpu', 'WORKER_PREFETCH', '5'),
    field('ScaledObject', 'worker-server-gpu', 'spec.advanced.scalingModifiers.target', '13'),
  ],
  'gpu-pools-by-model': [
    ...['rest-server', 'worker-server', 'worker-server-gpu-big'].map((part) =>
      variable(
        part,
        'MODEL_QUEUES',
        'toWorkers=*;toWorkers-gpu-spot=best,htdemucs_ft;toWorkers-gpu-roformer=melband_roformer_kim',
      ),
    ),
    variable('worker-server', 'QUEUE', 'toWorkers'),
    variable('worker-server', 'MODEL', 'htdemucs'),
    variable('worker-server-gpu-spot', 'QUEUE', 'toWorkers-gpu-spot'),
    variable('worker-server-gpu-spot', 'MODEL', 'best'),
    variable('worker-server-gpu-big', 'QUEUE', 'toWorkers-gpu-spot'),
    variable('worker-server-gpu-roformer', 'QUEUE', 'toWorkers-gpu-roformer'),
    variable('rest-server', 'MODEL', 'htdemucs'),
    pod('worker-server', 'initContainers.0.command', having('htdemucs_6s')),
    pod('worker-server-gpu-roformer', 'initContainers.0.command', [
      '/opt/engine/bin/python',
      '-m',
      'separation_engine',
      'models',
      'get',
      'melband_roformer_kim',
    ]),
    field('ScaledObject', 'worker-server', 'spec.triggers.0.metadata.listName', 'bull:toWorkers:wait'),
    ...['spot', 'big'].flatMap((name) =>
      ['wait', 'prioritized', 'active', 'delayed'].map((state, at) =>
        field(
          'ScaledObject',
          `worker-server-gpu-${name}`,
          `spec.triggers.${at}.metadata.listName`,
          `bull:toWorkers-gpu-spot:${state}`,
        ),
      ),
    ),
  ],
  'gpu-time-sharing': [
    pod('worker-server-gpu-shared', 'nodeSelector', {
      'cloud.google.com/gke-accelerator': 'nvidia-l4',
      'cloud.google.com/gke-gpu-sharing-strategy': 'time-sharing',
      'cloud.google.com/gke-max-shared-clients-per-gpu': '4',
    }),
    field('Deployment', 'worker-server-gpu-shared', 'spec.replicas', 4),
    absent('Deployment', 'worker-server-gpu'),
  ],
  'gpus-without-gke': [
    pod('worker-server-gpu', 'nodeSelector', { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-40GB' }),
    pod('worker-server-gpu', 'runtimeClassName', 'nvidia'),
    pod('worker-server-gpu', 'tolerations.0.key', 'songs'),
    pod('worker-server-gpu', 'tolerations.1.key', 'nvidia.com/gpu'),
  ],
};
