import type { KubernetesObject, Labels, Peer, PolicyRule, Selector } from './kubernetes-objects.js';

export interface NetworkPod {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Decides which connections NetworkPolicies allow, like a cluster that enforces them. */
export class Network {
  constructor(private readonly policies: readonly KubernetesObject[]) {}

  allows(from: NetworkPod, to: NetworkPod, port: number): boolean {
    return this.side('Egress', from, to, port) && this.side('Ingress', to, from, port);
  }

  /** Whether the pod may connect to an address outside the cluster. */
  allowsOut(from: NetworkPod, port: number): boolean {
    return this.side('Egress', from, undefined, port);
  }

  private side(direction: 'Ingress' | 'Egress', pod: NetworkPod, other: NetworkPod | undefined, port: number): boolean {
    const policies = this.policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.namespace &&
        spec?.policyTypes?.includes(direction) === true &&
        matches(spec.podSelector, pod.labels),
    );
    if (policies.length === 0) return true;
    const rules = policies.flatMap(({ spec }) => (direction === 'Ingress' ? spec?.ingress : spec?.egress) ?? []);
    return rules.some((rule) => allowsPort(rule, port) && allowsPeer(rule, pod.namespace, other));
  }
}

function allowsPort({ ports }: PolicyRule, port: number): boolean {
  return ports === undefined || ports.some((allowed) => allowed.port === port);
}

function allowsPeer({ from, to }: PolicyRule, home: string, other: NetworkPod | undefined): boolean {
  const peers = from ?? to;
  return peers === undefined || (other !== undefined && peers.some((peer) => isPeer(peer, home, other)));
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, home: string, pod: NetworkPod): boolean {
  if (ipBlock !== undefined) return false;
  const inNamespace =
    namespaceSelector === undefined
      ? pod.namespace === home
      : matches(namespaceSelector, { 'kubernetes.io/metadata.name': pod.namespace });
  return inNamespace && matches(podSelector, pod.labels);
}

/** An absent or empty selector matches everything. */
function matches(selector: Selector | undefined, labels: Labels): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}
