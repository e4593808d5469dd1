import { expect } from '@jest/globals';
import { absent, field, variable, type Effects } from './effect.js';

const rule = (host: string, ...paths: readonly (readonly [path: string, pathType: string])[]): unknown => ({
  host,
  http: {
    paths: paths.map(([path, pathType]) => ({
      path,
      pathType,
      backend: { service: { name: 'rest-server', port: { name: 'http' } } },
    })),
  },
});
const cpu = (averageUtilization: number): unknown => metric('cpu', averageUtilization);
const memory = (averageUtilization: number): unknown => metric('memory', averageUtilization);
const metric = (name: string, averageUtilization: number): unknown => ({
  type: 'Resource',
  resource: { name, target: { type: 'Utilization', averageUtilization } },
});
const having = (item: unknown): unknown => expect.arrayContaining([item]);
const onePod = { type: 'Pods', value: 1, periodSeconds: 120 };
const PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];

/** Services, Ingresses, policies, budgets and autoscalers */
export const WAYS_IN: Effects = {
  'ingress-hosts': [
    field('Ingress', 'rest-server', 'spec.ingressClassName', 'traefik'),
    field('Ingress', 'rest-server', 'spec.rules', [
      rule('music.example.com', ['/', 'Prefix']),
      rule('api.example.com', ['/v1', 'Prefix'], ['/docs', 'Exact']),
    ]),
    field('Ingress', 'rest-server', 'spec.tls', [
      { hosts: ['music.example.com'], secretName: 'music-tls' },
      { hosts: ['api.example.com'], secretName: 'api-tls' },
    ]),
  ],
  'ingress-host-and-more': [
    field('Ingress', 'rest-server', 'spec.rules', [
      rule('music.example.com', ['/', 'Prefix']),
      rule('old.example.com', ['/', 'Prefix']),
    ]),
    field('Ingress', 'rest-server', 'spec.tls', [{ hosts: ['music.example.com'], secretName: 'music-tls' }]),
  ],
  'ingress-cert-manager': [
    field('Ingress', 'rest-server', 'metadata.annotations', { 'cert-manager.io/cluster-issuer': 'letsencrypt' }),
  ],
  gateway: [
    field('HTTPRoute', 'rest-server', 'spec', {
      parentRefs: [{ name: 'gateway', sectionName: 'https' }],
      hostnames: ['music.example.com', 'api.example.com'],
      rules: [{ backendRefs: [{ name: 'rest-server', port: 80 }], timeouts: { request: '3600s' } }],
    }),
  ],
  'load-balancer': [
    field('Service', 'rest-server', 'spec.type', 'LoadBalancer'),
    field('Service', 'rest-server', 'spec.externalTrafficPolicy', 'Local'),
    field('Service', 'rest-server', 'spec.loadBalancerSourceRanges', ['203.0.113.0/24', '2001:db8::/32']),
    field('Service', 'rest-server', 'spec.ports.0.port', 443),
  ],
  'internal-load-balancer': [
    field('Service', 'rest-server', 'spec.loadBalancerClass', 'networking.gke.io/l4-regional-internal'),
    field('Service', 'rest-server', 'metadata.annotations', { 'networking.gke.io/load-balancer-type': 'Internal' }),
    field('Service', 'rest-server', 'spec.externalTrafficPolicy', undefined),
  ],
  'node-port': [
    field('Service', 'rest-server', 'spec.ports.0.nodePort', 30_080),
    field('Service', 'rest-server', 'spec.externalTrafficPolicy', 'Local'),
  ],
  'cluster-ip': [
    field('Service', 'rest-server', 'spec.type', 'ClusterIP'),
    variable('music-separation-test-song', 'SERVER', 'http://rest-server:8080'),
  ],
  'disruption-by-min-available': [
    field('PodDisruptionBudget', 'rest-server', 'spec.minAvailable', 1),
    field('PodDisruptionBudget', 'rest-server', 'spec.maxUnavailable', undefined),
    field('PodDisruptionBudget', 'worker-server', 'spec.minAvailable', '50%'),
  ],
  'disruption-never': [
    field('PodDisruptionBudget', 'worker-server', 'spec.maxUnavailable', 0),
    absent('PodDisruptionBudget', 'rest-server'),
  ],
  'scaling-by-memory': [
    field('HorizontalPodAutoscaler', 'rest-server', 'spec.metrics', [memory(75)]),
    field('HorizontalPodAutoscaler', 'rest-server', 'spec.behavior', undefined),
    field('HorizontalPodAutoscaler', 'worker-server', 'spec.metrics', [cpu(80), memory(90)]),
  ],
  'scaling-behavior': [
    field('HorizontalPodAutoscaler', 'rest-server', 'spec.behavior', {
      scaleUp: { stabilizationWindowSeconds: 0 },
      scaleDown: { policies: [onePod] },
    }),
    field('HorizontalPodAutoscaler', 'worker-server', 'spec.behavior.scaleDown', {
      stabilizationWindowSeconds: 600,
      policies: [onePod],
    }),
  ],
  'scaling-behavior-of-keda': [
    field('ScaledObject', 'worker-server', 'spec.advanced.horizontalPodAutoscalerConfig.behavior', {
      scaleUp: { policies: [{ type: 'Percent', value: 100, periodSeconds: 60 }] },
      scaleDown: { stabilizationWindowSeconds: 300 },
    }),
  ],
  'extra-egress': [
    field('NetworkPolicy', 'music-separation-extra', 'spec.egress.0.ports', [{ port: 4318, protocol: 'TCP' }]),
    field('NetworkPolicy', 'music-separation-extra', 'spec.ingress', undefined),
  ],
  'extra-ingress': [
    field('NetworkPolicy', 'music-separation-extra', 'spec.ingress.0.ports', [{ port: 15_090, protocol: 'TCP' }]),
    field('NetworkPolicy', 'music-separation-extra', 'spec.podSelector.matchLabels', {
      'app.kubernetes.io/part-of': 'music-separation',
      'app.kubernetes.io/instance': 'songs',
    }),
  ],
  'egress-to-a-hub': [
    field(
      'NetworkPolicy',
      'worker-server',
      'spec.egress',
      having({ ports: [{ port: 8443, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.20.0.0/16' } }] }),
    ),
  ],
  'egress-to-the-internet': [
    field(
      'NetworkPolicy',
      'rest-server',
      'spec.egress',
      having({
        ports: [
          { port: 443, protocol: 'TCP' },
          { port: 8443, protocol: 'TCP' },
        ],
        to: [{ ipBlock: { cidr: '0.0.0.0/0', except: PRIVATE } }],
      }),
    ),
  ],
  'ingress-from': [
    field('NetworkPolicy', 'rest-server', 'spec.ingress.0.from', [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateways' } } },
    ]),
    field('NetworkPolicy', 'worker-server', 'spec.ingress', undefined),
  ],
};
