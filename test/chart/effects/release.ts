import { expect } from '@jest/globals';
import {
  absent,
  container,
  everything,
  field,
  names,
  pod,
  podLabels,
  subchart,
  variable,
  type Effects,
} from './effect.js';

const PARTS = ['rest-server', 'worker-server', 'logs'] as const;
const account = 'iam.gke.io/gcp-service-account';

/** accounts, names, labels, images and objects of a whole release */
export const RELEASE: Effects = {
  'service-accounts': [
    pod('rest-server', 'serviceAccountName', 'web'),
    pod('music-separation-test-song', 'serviceAccountName', 'web'),
    pod('worker-server', 'serviceAccountName', 'songs'),
    pod('logs', 'serviceAccountName', 'default'),
    names('ServiceAccount', []),
  ],
  'service-account-annotations': [
    field('ServiceAccount', 'rest-server', 'metadata.annotations', {
      [account]: 'web@project.iam.gserviceaccount.com',
    }),
    field('ServiceAccount', 'worker-server', 'metadata.annotations', {
      [account]: 'songs@project.iam.gserviceaccount.com',
    }),
    field('ServiceAccount', 'logs', 'metadata.annotations', undefined),
  ],
  'service-account-shared': [
    names('ServiceAccount', ['music']),
    field('ServiceAccount', 'music', 'metadata.annotations', { owner: 'audio' }),
    ...PARTS.map((part) => pod(part, 'serviceAccountName', 'music')),
  ],
  'common-labels': [
    everything('label cost-center', (metadata) => metadata.labels?.['cost-center'], '4711'),
    ...PARTS.map((part) => podLabels(part, expect.objectContaining({ 'cost-center': '4711' }))),
    field('Deployment', 'worker-server', 'spec.selector.matchLabels.cost-center', undefined),
  ],
  'common-annotations': [
    field('Service', 'rest-server', 'metadata.annotations', { 'example.com/owner': 'web' }),
    field('Deployment', 'rest-server', 'metadata.annotations', { 'example.com/owner': 'audio' }),
    field('Deployment', 'rest-server', 'spec.template.metadata.annotations', { 'example.com/owner': 'audio' }),
    field('Namespace', 'minio-ns', 'metadata.annotations', {
      'example.com/owner': 'audio',
      'helm.sh/resource-policy': 'keep',
    }),
  ],
  'extra-objects': [
    field('ConfigMap', 'songs-company', 'data', { bucket: 'music' }),
    field('PriorityClass', 'songs', 'value', 1000),
  ],
  'cluster-domain': [
    field('Service', 'minio', 'spec.externalName', 'minio.minio-ns.svc.corp.internal'),
    field(
      'ScaledObject',
      'worker-server',
      'spec.triggers.0.metadata.address',
      'redis-master.music.svc.corp.internal:6379',
    ),
  ],
  'global-registry': [
    container('rest-server', 'image', expect.stringMatching(/^mirror\.example\/music\/music-separation-api:/)),
    container('worker-server', 'image', expect.stringMatching(/^mirror\.example\/music\/music-separation-worker:/)),
    pod('worker-server', 'initContainers.0.image', expect.stringMatching(/^mirror\.example\/music\//)),
    pod('music-separation-test-song', 'containers.0.image', expect.stringMatching(/^mirror\.example\/music\//)),
  ],
  'pull-secrets': [...PARTS, 'music-separation-test-song'].map((owner) =>
    pod(owner, 'imagePullSecrets', [{ name: 'ours' }, { name: 'mirror' }, { name: 'company' }]),
  ),
  'image-digests': [
    container('rest-server', 'image', `registry.example/music-separation-api@sha256:${'a'.repeat(64)}`),
    container('worker-server', 'image', 'registry.example/songs/worker:2.0.0'),
  ],
  'pull-policy': PARTS.map((part) => container(part, 'imagePullPolicy', 'Never')),
  'name-override': [
    podLabels('worker-server', expect.objectContaining({ 'app.kubernetes.io/part-of': 'stems' })),
    field('NetworkPolicy', 'stems-default-deny', 'spec.podSelector.matchLabels', {
      'app.kubernetes.io/part-of': 'stems',
      'app.kubernetes.io/instance': 'songs',
    }),
    field('ConfigMap', 'stems-dashboard', 'kind', 'ConfigMap'),
    field('Deployment', 'rest-server', 'kind', 'Deployment'),
  ],
  'fullname-override': [
    names('Deployment', ['staging-logs', 'staging-rest-server', 'staging-worker-server']),
    names('Service', ['staging-rest-server']),
    names('Secret', ['staging-separation-api-keys']),
    names('ServiceAccount', ['staging-logs', 'staging-rest-server', 'staging-worker-server']),
    pod('staging-rest-server', 'serviceAccountName', 'staging-rest-server'),
    pod('staging-rest-server', 'volumes.1.secret.secretName', 'staging-separation-api-keys'),
    variable('staging-music-separation-test-song', 'SERVER', 'http://staging-rest-server:80'),
    variable('staging-music-separation-test-song', 'API_KEY', 'staging-separation-api-keys.default-key'),
    field('HorizontalPodAutoscaler', 'staging-rest-server', 'spec.scaleTargetRef.name', 'staging-rest-server'),
    field('ScaledObject', 'staging-worker-server', 'spec.scaleTargetRef.name', 'staging-worker-server'),
    field('Ingress', 'staging-rest-server', 'spec.rules.0.http.paths.0.backend.service.name', 'staging-rest-server'),
  ],
  'second-release': [
    field('Namespace', 'music-staging-minio', 'kind', 'Namespace'),
    absent('Namespace', 'minio-ns'),
    field('Service', 'minio', 'spec.externalName', 'minio.music-staging-minio.svc.cluster.local'),
    subchart('minio', 'namespaceOverride', 'music-staging-minio'),
  ],
  'no-generated-secrets': [
    names('Secret', []),
    variable('rest-server', 'S3_ACCESS_KEY', 'separation-s3.access-key'),
    pod('rest-server', 'volumes.1.secret.secretName', 'separation-api-keys'),
  ],
  objectives: [
    field('PrometheusRule', 'music-separation', 'spec.groups.1.rules.0.expr', expect.stringContaining('le=~"30(')),
    field('PrometheusRule', 'music-separation', 'spec.groups.2.rules.0.expr', expect.stringContaining('> 14.4 * 0.01')),
    field(
      'PrometheusRule',
      'music-separation',
      'spec.groups.2.rules.0.annotations.runbook_url',
      'https://wiki.example/music#firstsoundlate',
    ),
  ],
  'no-logs': [absent('Deployment', 'logs'), absent('NetworkPolicy', 'logs'), absent('ServiceAccount', 'logs')],
};
