// what a case of cases/ changes in the objects of the chart, one row each
import { environment, type Rendered } from '../chart.js';
import type { KubernetesObject } from '../kubernetes-objects.js';

export interface Effect {
  readonly what: string;
  readonly of: (rendered: Rendered) => unknown;
  /** for `toEqual`; undefined means that it is not there */
  readonly is: unknown;
}

/** the effects of each case, by the name of its file */
export type Effects = Readonly<Record<string, readonly Effect[]>>;

/** A field of an object, such as `spec.type`. Keys that contain a dot are not supported. */
export function field(kind: string, name: string, path: string, is: unknown): Effect {
  return { what: `${kind} ${name} ${path}`, of: (rendered) => at(rendered.find(kind, name), path), is };
}

/** A field of the pods of a Deployment, or of a pod of `helm test`. */
export function pod(owner: string, path: string, is: unknown): Effect {
  return { what: `pod of ${owner} ${path}`, of: (rendered) => at(rendered.pod(owner).spec, path), is };
}

export function podLabels(owner: string, is: unknown): Effect {
  return { what: `labels of pods of ${owner}`, of: (rendered) => rendered.pod(owner).labels, is };
}

/** A field of the first container. */
export function container(owner: string, path: string, is: unknown): Effect {
  return { what: `container of ${owner} ${path}`, of: (rendered) => at(rendered.container(owner), path), is };
}

/** A variable of the first container; one from a Secret is `secret.key`. */
export function variable(owner: string, name: string, is: string | undefined): Effect {
  return { what: `${name} of ${owner}`, of: (rendered) => environment(rendered.container(owner))[name], is };
}

export function absent(kind: string, name: string): Effect {
  return { what: `${kind} ${name}`, of: (rendered) => rendered.find(kind, name), is: undefined };
}

export function names(kind: string, is: readonly string[]): Effect {
  const of = (rendered: Rendered): unknown => rendered.ofKind(kind).map(({ metadata }) => metadata.name);
  return { what: `names of each ${kind}`, of, is };
}

/** A value that a subchart got. */
export function subchart(name: 'redis' | 'minio', path: string, is: unknown): Effect {
  return { what: `${path} of ${name}`, of: (rendered) => at(rendered.subchart(name), path), is };
}

/** Something that every object of the chart's own has. */
export function everything(
  what: string,
  pick: (metadata: KubernetesObject['metadata']) => unknown,
  is: unknown,
): Effect {
  const of = ({ objects }: Rendered): unknown => {
    const own = objects.filter(({ metadata }) => !metadata.name.startsWith('stub-'));
    return own.filter(({ metadata }) => pick(metadata) !== is).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  };
  return { what: `objects without ${what}`, of, is: [] };
}

function at(object: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
