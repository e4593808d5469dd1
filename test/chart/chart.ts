import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Container, KubernetesObject, PodSpec } from './kubernetes-objects.js';

const run = promisify(execFile);
const CHART = resolve('charts', 'music-separation');

/** the APIs of a cluster with every operator */
const ALL_APIS = ['keda.sh/v1alpha1', 'monitoring.coreos.com/v1', 'gateway.networking.k8s.io/v1'];

export interface RenderOptions {
  /** an example of ci/ */
  readonly values?: string;
  /** a file of values */
  readonly file?: string;
  readonly set?: readonly string[];
  readonly apis?: readonly string[];
  readonly release?: string;
  readonly namespace?: string;
}

/** A copy of the chart with stubs in place of Bitnami's subcharts. Call `close` at the end. */
export class Chart {
  private constructor(
    private readonly helm: string,
    readonly folder: string,
  ) {}

  static async copy(helm: string): Promise<Chart> {
    const folder = await mkdtemp(join(tmpdir(), 'chart-'));
    await cp(CHART, folder, { recursive: true });
    await cp(resolve('test', 'chart', 'stubs'), join(folder, 'charts'), { recursive: true });
    return new Chart(helm, folder);
  }

  /** @throws with Helm's message when it refuses the values */
  async render(options: RenderOptions = {}): Promise<Rendered> {
    const documents = parseAllDocuments(await this.text(options));
    const objects = documents.map((document) => document.toJS() as KubernetesObject | null);
    return new Rendered(objects.filter((object) => object !== null));
  }

  /** with its comments */
  async text({
    values,
    file = values === undefined ? undefined : join(this.folder, 'ci', `${values}-values.yaml`),
    set = [],
    apis = ALL_APIS,
    release = 'songs',
    namespace = 'music',
  }: RenderOptions = {}): Promise<string> {
    const args = ['template', release, this.folder, '--namespace', namespace];
    if (file !== undefined) args.push('--values', file);
    for (const assignment of set) args.push('--set', assignment);
    for (const api of apis) args.push('--api-versions', api);
    const { stdout } = await run(this.helm, args, { maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  }

  /** @throws with the warnings and errors */
  async lint(values: string): Promise<void> {
    await run(this.helm, [
      'lint',
      '--strict',
      this.folder,
      '--values',
      join(this.folder, 'ci', `${values}-values.yaml`),
    ]);
  }

  async replace(file: string, pattern: RegExp, text: string): Promise<void> {
    const path = join(this.folder, file);
    await writeFile(path, (await readFile(path, 'utf8')).replace(pattern, text));
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export interface Pod {
  readonly owner: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** The objects rendered by Helm. */
export class Rendered {
  constructor(readonly objects: readonly KubernetesObject[]) {}

  ofKind(kind: string): KubernetesObject[] {
    return this.objects.filter((object) => object.kind === kind);
  }

  find(kind: string, name: string): KubernetesObject | undefined {
    return this.ofKind(kind).find(({ metadata }) => metadata.name === name);
  }

  get(kind: string, name: string): KubernetesObject {
    const object = this.find(kind, name);
    if (object === undefined) throw new Error(`no ${kind} ${name} among ${this.objects.map((o) => o.kind).join(' ')}`);
    return object;
  }

  /** the pods of Deployments and of `helm test` */
  get pods(): Pod[] {
    return this.objects.flatMap(({ kind, metadata, spec }) => {
      const namespace = metadata.namespace ?? '';
      if (kind === 'Pod' && spec !== undefined) {
        return [{ owner: metadata.name, namespace, labels: metadata.labels ?? {}, spec }];
      }
      const template = spec?.template;
      if (template === undefined) return [];
      return [{ owner: metadata.name, namespace, labels: template.metadata.labels, spec: template.spec }];
    });
  }

  pod(owner: string): Pod {
    const pod = this.pods.find((candidate) => candidate.owner === owner);
    if (pod === undefined) throw new Error(`no pod of ${owner}`);
    return pod;
  }

  /** the first container of a Deployment */
  container(deployment: string): Container {
    const [container] = this.pod(deployment).spec.containers;
    if (container === undefined) throw new Error(`${deployment} has no container`);
    return container;
  }

  /** the values passed to the stub of a subchart */
  subchart(name: 'redis' | 'minio'): Record<string, unknown> | undefined {
    const values = this.find('ConfigMap', `stub-${name}`)?.data?.['values'];
    return values === undefined ? undefined : (JSON.parse(values) as Record<string, unknown>);
  }
}

/** The variables by name. A variable from a Secret has the value `secret.key`. */
export function environment({ env = [] }: Container): Record<string, string> {
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef;
      return [name, value ?? `${secret?.name ?? '?'}.${secret?.key ?? '?'}`];
    }),
  );
}
