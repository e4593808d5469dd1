// what Kubernetes refuses to change in place, or what holds data under its name
import type { Rendered } from './chart.js';

/** values of the stores' charts that their StatefulSet, claims and Secrets are made of */
const OF_STORES = [
  'fullnameOverride',
  'namespaceOverride',
  'architecture',
  'auth.existingSecret',
  'auth.existingSecretPasswordKey',
  'auth.rootUserSecretKey',
  'auth.rootPasswordSecretKey',
  'master.persistence.size',
  'persistence.size',
  'persistence.annotations',
  'defaultBuckets',
];

/** Fields by `Kind namespace/name`. Objects without immutable fields have null: their names count too. */
export function immutableParts(rendered: Rendered): Record<string, unknown> {
  const objects = rendered.objects
    .filter(({ metadata }) => !metadata.name.startsWith('stub-'))
    .map(({ kind, metadata, spec }) => {
      const { selector, volumeClaimTemplates, serviceName } = (spec ?? {}) as Record<string, unknown>;
      const isWorkload = ['Deployment', 'StatefulSet'].includes(kind);
      const given = Object.entries({ selector, volumeClaimTemplates, serviceName }).filter(
        ([, value]) => value !== undefined,
      );
      return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, isWorkload ? Object.fromEntries(given) : null];
    });
  const stores = (['redis', 'minio'] as const).flatMap((name) => {
    const values = rendered.subchart(name);
    return values === undefined
      ? []
      : [[`values of ${name}`, Object.fromEntries(OF_STORES.map((path) => [path, at(values, path) ?? null]))]];
  });
  return Object.fromEntries([...objects, ...stores]) as Record<string, unknown>;
}

function at(values: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);
}
