import { expect } from '@jest/globals';
import { container, field, pod, podLabels, variable, type Effects } from './effect.js';

const PARTS = ['rest-server', 'worker-server', 'logs'] as const;
const TESTS = ['music-separation-test-answers', 'music-separation-test-redis', 'music-separation-test-song'] as const;

const ANNOTATIONS = 'spec.template.metadata.annotations';
const inject = (value: string): unknown => expect.objectContaining({ 'sidecar.istio.io/inject': value });
const spread = (topologyKey: string, name: string): unknown =>
  expect.objectContaining({
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': 'songs' } },
  });
const named = (name: string): unknown => expect.objectContaining({ name });
const having = (...items: unknown[]): unknown => expect.arrayContaining(items);

/** what operators set for pods of any part */
export const PODS: Effects = {
  'pod-labels': [
    podLabels('rest-server', expect.objectContaining({ team: 'web' })),
    podLabels('worker-server', expect.objectContaining({ team: 'audio', 'separation/worker': 'true' })),
    podLabels('logs', expect.objectContaining({ team: 'ops' })),
    field('Deployment', 'logs', 'spec.selector.matchLabels.team', undefined),
  ],
  'pod-annotations': [
    field('Deployment', 'rest-server', ANNOTATIONS, inject('true')),
    field('Deployment', 'worker-server', ANNOTATIONS, inject('false')),
    field('Deployment', 'logs', ANNOTATIONS, inject('false')),
  ],
  'evictable-workers': [
    field('Deployment', 'worker-server', ANNOTATIONS, { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' }),
  ],
  'priority-class': [
    pod('rest-server', 'priorityClassName', 'high'),
    pod('worker-server', 'priorityClassName', 'middle'),
    pod('logs', 'priorityClassName', 'low'),
    ...TESTS.map((name) => pod(name, 'priorityClassName', 'low')),
  ],
  affinity: [
    pod(
      'worker-server',
      'affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.topologyKey',
      'kubernetes.io/hostname',
    ),
    pod('rest-server', 'affinity', undefined),
  ],
  'topology-spread': [
    pod('rest-server', 'topologySpreadConstraints', [expect.objectContaining({ whenUnsatisfiable: 'DoNotSchedule' })]),
    pod('worker-server', 'topologySpreadConstraints', [
      spread('kubernetes.io/hostname', 'worker-server'),
      spread('topology.kubernetes.io/zone', 'worker-server'),
    ]),
  ],
  'node-selector': [
    pod('rest-server', 'nodeSelector', { 'kubernetes.io/arch': 'amd64' }),
    pod('worker-server', 'nodeSelector', { 'kubernetes.io/arch': 'amd64', pool: 'songs' }),
    ...TESTS.map((name) => pod(name, 'nodeSelector', { 'kubernetes.io/arch': 'amd64' })),
  ],
  tolerations: [
    pod('logs', 'tolerations', [{ key: 'dedicated', value: 'music', effect: 'NoSchedule' }]),
    pod('worker-server', 'tolerations', [{ key: 'songs', operator: 'Exists', effect: 'NoExecute' }]),
    ...TESTS.map((name) => pod(name, 'tolerations.0.key', 'dedicated')),
  ],
  'scheduler-name': [pod('worker-server', 'schedulerName', 'volcano'), pod('rest-server', 'schedulerName', undefined)],
  'runtime-class': [
    pod('rest-server', 'runtimeClassName', 'gvisor'),
    pod('worker-server', 'runtimeClassName', 'gvisor'),
    pod('logs', 'runtimeClassName', undefined),
  ],
  'dns-config': PARTS.map((part) => pod(part, 'dnsConfig.options', [{ name: 'ndots', value: '1' }])),
  'host-aliases': PARTS.map((part) => pod(part, 'hostAliases', [{ ip: '10.1.2.3', hostnames: ['s3.internal'] }])),
  'extra-env': [
    variable('rest-server', 'MAX_ENCODINGS', '8'),
    variable('worker-server', 'ANALYSIS', 'on-demand'),
    variable('logs', 'TZ', 'Europe/Berlin'),
  ],
  traces: PARTS.map((part) => variable(part, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector.tracing:4318')),
  'extra-env-replaces': [
    variable('worker-server', 'LOG_LEVEL', 'debug'),
    variable('rest-server', 'LOG_LEVEL', 'warn'),
    variable('logs', 'LOG_LEVEL', 'warn'),
  ],
  'extra-env-from': [
    container('rest-server', 'envFrom', [{ secretRef: { name: 'web', optional: true } }]),
    container('worker-server', 'envFrom', [{ configMapRef: { name: 'company' } }]),
    pod('worker-server', 'initContainers.0.envFrom', [{ configMapRef: { name: 'company' } }]),
    container('logs', 'envFrom', [{ configMapRef: { name: 'company' } }]),
  ],
  'extra-env-secret': PARTS.map((part) => variable(part, 'REDIS_URL', 'redis-app.uri')),
  proxy: [
    pod('worker-server', 'initContainers.0.name', 'models'),
    pod(
      'worker-server',
      'initContainers.0.env',
      having({ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:8080' }),
    ),
  ],
  'extra-volumes': [
    variable('worker-server', 'SCRATCH_DIR', '/nvme'),
    container('worker-server', 'volumeMounts', having({ name: 'nvme', mountPath: '/nvme' })),
    pod('worker-server', 'volumes', having(expect.objectContaining({ name: 'nvme', ephemeral: expect.anything() }))),
    container('rest-server', 'volumeMounts', having({ name: 'page', mountPath: '/etc/page', readOnly: true })),
    pod('rest-server', 'volumes', having({ name: 'page', configMap: { name: 'page' } })),
    container('logs', 'volumeMounts', [{ name: 'spool', mountPath: '/spool' }]),
    pod('logs', 'volumes', [{ name: 'spool', emptyDir: { sizeLimit: '64Mi' } }]),
  ],
  'init-containers': [
    pod('rest-server', 'initContainers', [named('wait')]),
    pod('worker-server', 'initContainers', [named('wait'), named('models')]),
    pod('logs', 'initContainers', [named('wait')]),
  ],
  sidecars: [
    ...PARTS.map((part) => pod(part, 'containers', [named(part), named('proxy')])),
    // a sidecar would keep it from ending
    ...TESTS.map((name) => pod(name, 'containers.1', undefined)),
  ],
  'native-sidecar': [pod('worker-server', 'initContainers.0.restartPolicy', 'Always')],
  'pod-security-context': [
    pod('worker-server', 'securityContext.fsGroup', 3000),
    pod('worker-server', 'securityContext.supplementalGroups', [4000]),
    pod('worker-server', 'securityContext.runAsNonRoot', true),
    pod('rest-server', 'securityContext.fsGroup', 1000),
  ],
  'security-context': [
    ...PARTS.map((part) => container(part, 'securityContext.runAsUser', 10_001)),
    ...PARTS.map((part) => container(part, 'securityContext.seLinuxOptions', { level: 's0:c123,c456' })),
    pod('worker-server', 'initContainers.0.securityContext.runAsUser', 10_001),
  ],
  openshift: [...PARTS, ...TESTS].map((part) =>
    pod(part, 'securityContext', {
      runAsNonRoot: true,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    }),
  ),
  'openshift-by-hand': [
    pod('worker-server', 'securityContext.runAsUser', 1_000_720_000),
    pod('worker-server', 'securityContext.runAsGroup', undefined),
    pod('worker-server', 'securityContext.fsGroup', undefined),
  ],
};
