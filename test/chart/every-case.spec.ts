import { execFile } from 'node:child_process';
import { basename, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeChart, EXAMPLES, helm, OPERATOR_CASES, versionsOf } from './cases.js';
import { Chart, environment, type Rendered } from './chart.js';
import type { Effects } from './effects/effect.js';
import { PODS } from './effects/pods.js';
import { RELEASE } from './effects/release.js';
import { SETTINGS } from './effects/settings.js';
import { WAYS_IN } from './effects/ways-in.js';
import { podSecurityProblems } from './pod-security.js';

const EFFECTS: Effects = { ...PODS, ...RELEASE, ...SETTINGS, ...WAYS_IN };
const FILES = [...EXAMPLES, ...OPERATOR_CASES];
/** kinds of operators, which have schemas of their own */
const CUSTOM = ['ScaledObject', 'TriggerAuthentication', 'ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'HTTPRoute'];
const PYTHON = process.env['ENGINE_PYTHON'] ?? resolve('engine', '.venv', 'bin', 'python');
const AT_ONCE = 2;

const nameOf = (file: string): string => basename(file, '.yaml');

describeChart('the chart with values that operators use', () => {
  let chart: Chart;
  const rendered = new Map<string, Rendered>();
  const refused = new Map<string, unknown>();

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    const waiting = FILES.values();
    const render = async (): Promise<void> => {
      for (const file of waiting) {
        await chart.render({ file }).then(
          (objects) => rendered.set(file, objects),
          (error: unknown) => refused.set(file, error),
        );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, render));
  });

  afterAll(() => chart.close());

  it('has an effect for each case, and at least sixty cases', () => {
    expect(Object.keys(EFFECTS).sort()).toEqual(OPERATOR_CASES.map(nameOf).sort());
    expect(OPERATOR_CASES.length).toBeGreaterThanOrEqual(60);
  });

  it('is valid for Kubernetes', async () => {
    expect(await schemaProblems(rendered)).toEqual([]);
  });

  it.each(OPERATOR_CASES.map(nameOf))('%s has its effect', (name) => {
    const file = OPERATOR_CASES.find((path) => nameOf(path) === name) ?? '';
    const effects = EFFECTS[name] ?? [];
    expect(effects.map(({ what, of }) => [what, of(caseOf(file))])).toEqual(effects.map(({ what, is }) => [what, is]));
  });

  describe.each(FILES.map((file) => [nameOf(file), file]))('%s', (_name, file) => {
    it('runs every pod under the restricted Pod Security Standard', () => {
      const { pods } = caseOf(file);
      const problems = pods.map(({ owner, spec }) => [owner, podSecurityProblems(spec)]);
      expect(problems).toEqual(pods.map(({ owner }) => [owner, []]));
    });

    it('leaves replicas to the autoscaler, if there is one', () => {
      const scaled = caseOf(file)
        .objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
        .map(({ metadata }) => metadata.name);
      for (const { metadata, spec } of caseOf(file).ofKind('Deployment')) {
        expect([metadata.name, spec?.replicas === undefined]).toEqual([metadata.name, scaled.includes(metadata.name)]);
      }
    });

    it('has no secret in plain text, and each variable once', () => {
      for (const { spec } of caseOf(file).pods) {
        for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
          const variables = container.env ?? [];
          const secret = variables.filter(({ name }) => /PASSWORD|SECRET|ACCESS_KEY|API_KEY$/.test(name));
          for (const { name, value } of secret) expect([name, value]).toEqual([name, undefined]);
          expect(environment(container)['REDIS_URL'] ?? '').not.toMatch(/:[^/$@]+@/);
          expect(new Set(variables.map(({ name }) => name)).size).toBe(variables.length);
        }
      }
    });
  });

  it.each(EXAMPLES.map((file) => [nameOf(file), file]))(
    'gives each server of %s an account of its own',
    (_name, file) => {
      const accounts = caseOf(file)
        .ofKind('ServiceAccount')
        .map(({ metadata }) => metadata.name);
      for (const { spec } of caseOf(file).pods) expect(accounts).toContain(spec.serviceAccountName);
    },
  );

  it('keeps the versions of chart and app out of immutable fields', async () => {
    const selectors = ({ objects }: Rendered): unknown[] =>
      objects.map(({ kind, metadata, spec }) => [kind, metadata.name, spec?.selector]);
    const newer = await Chart.copy(helm ?? '');
    try {
      await newer.replace('Chart.yaml', /^(version|appVersion): .*$/gm, '$1: 9.9.9');
      const everything = EXAMPLES.find((file) => nameOf(file) === 'everything-values') ?? '';
      expect(selectors(await newer.render({ file: everything }))).toEqual(selectors(caseOf(everything)));
    } finally {
      await newer.close();
    }
  });

  function caseOf(file: string): Rendered {
    const found = rendered.get(file);
    if (found === undefined) throw new Error(`${file} was not rendered`, { cause: refused.get(file) });
    return found;
  }
});

/** Returns the messages of the offline schemas on invalid objects. Equal objects of several cases are checked once. */
async function schemaProblems(cases: ReadonlyMap<string, Rendered>): Promise<unknown> {
  const requests = new Map<string, unknown>();
  for (const [file, { objects }] of cases) {
    for (const object of objects) {
      const text = JSON.stringify({ ...object, data: undefined });
      if (CUSTOM.includes(object.kind) || requests.has(text)) continue;
      const name = `${nameOf(file)}: ${object.kind} ${object.metadata.name}`;
      requests.set(text, { name, versions: versionsOf(object), object });
    }
  }
  const child = promisify(execFile)(PYTHON, [resolve('test', 'chart', 'validate.py')]);
  child.child.stdin?.end(JSON.stringify([...requests.values()]));
  return JSON.parse((await child).stdout);
}
