import type { Container, PodSpec } from './kubernetes-objects.js';

const ALLOWED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Returns violations of the restricted Pod Security Standard and of this chart's own stricter rules. */
export function podSecurityProblems(pod: PodSpec): string[] {
  const problems: string[] = [];
  const must = (condition: boolean, problem: string): void => {
    if (!condition) problems.push(problem);
  };
  must(pod.securityContext?.runAsNonRoot === true && pod.securityContext.runAsUser !== 0, 'may run as root');
  must(pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'has no seccomp profile');
  must(!(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC ?? false), 'shares a namespace of the host');
  must(pod.automountServiceAccountToken === false, 'gets a token of its ServiceAccount');
  must(pod.enableServiceLinks === false, 'gets the variables of services');
  for (const volume of pod.volumes ?? []) {
    const [kind] = Object.keys(volume).filter((key) => key !== 'name');
    must(kind !== undefined && ALLOWED_VOLUMES.includes(kind), `mounts a volume of kind ${kind ?? 'none'}`);
  }
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    problems.push(...containerProblems(container).map((problem) => `${container.name} ${problem}`));
  }
  return problems;
}

function containerProblems({ securityContext: context, resources, ports = [] }: Container): string[] {
  const problems: string[] = [];
  if (context?.allowPrivilegeEscalation !== false) problems.push('may gain privileges');
  if (context?.readOnlyRootFilesystem !== true) problems.push('may write to its root');
  if (context?.privileged === true) problems.push('is privileged');
  if (context?.capabilities?.drop?.includes('ALL') !== true) problems.push('keeps capabilities');
  if ((context?.capabilities?.add ?? []).length > 0) problems.push('adds capabilities');
  if (resources?.limits?.['memory'] === undefined) problems.push('has no memory limit');
  if (resources?.requests?.['cpu'] === undefined) problems.push('asks for no CPU');
  if (ports.some(({ protocol }) => protocol !== 'TCP')) problems.push('has a port without a protocol');
  return problems;
}
