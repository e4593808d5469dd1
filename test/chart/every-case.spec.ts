import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CASES, describeChart, helm } from './cases.js';
import { Chart, environment, type Rendered } from './chart.js';
import { podSecurityProblems } from './pod-security.js';

/** kinds of operators, which have schemas of their own */
const CUSTOM = ['ScaledObject', 'TriggerAuthentication', 'ServiceMonitor', 'PodMonitor', 'PrometheusRule', 'HTTPRoute'];
const PYTHON = process.env['ENGINE_PYTHON'] ?? resolve('engine', '.venv', 'bin', 'python');

/** Returns the messages of the offline schemas on invalid objects. */
async function schemaProblems(rendered: Rendered, versions: readonly string[]): Promise<unknown> {
  const objects = rendered.objects.filter(({ kind }) => !CUSTOM.includes(kind));
  const child = promisify(execFile)(PYTHON, [resolve('test', 'chart', 'validate.py')]);
  child.child.stdin?.end(JSON.stringify({ versions, objects }));
  return JSON.parse((await child).stdout);
}

describeChart.each(CASES)('the chart with ci/%s-values.yaml', (values, versions) => {
  let chart: Chart;
  let rendered: Rendered;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    rendered = await chart.render({ values });
  });

  afterAll(() => chart.close());

  it('is valid for Kubernetes', async () => {
    expect(await schemaProblems(rendered, versions)).toEqual([]);
  });

  it('runs every pod under the restricted Pod Security Standard', () => {
    const problems = rendered.pods.map(({ owner, spec }) => [owner, podSecurityProblems(spec)]);
    expect(problems).toEqual(rendered.pods.map(({ owner }) => [owner, []]));
  });

  it('gives each server its own service account', () => {
    const accounts = rendered.ofKind('ServiceAccount').map(({ metadata }) => metadata.name);
    for (const { spec } of rendered.pods) expect(accounts).toContain(spec.serviceAccountName);
  });

  it('leaves replicas to the autoscaler, if there is one', () => {
    const scaled = rendered.objects
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
      .map(({ metadata }) => metadata.name);
    for (const { metadata, spec } of rendered.ofKind('Deployment')) {
      expect([metadata.name, spec?.replicas === undefined]).toEqual([metadata.name, scaled.includes(metadata.name)]);
    }
  });

  it('has no secret in plain text', () => {
    for (const { spec } of rendered.pods) {
      for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
        const secret = (container.env ?? []).filter(({ name }) => /PASSWORD|SECRET|ACCESS_KEY|API_KEY$/.test(name));
        for (const { name, value } of secret) expect([name, value]).toEqual([name, undefined]);
        expect(environment(container)['REDIS_URL'] ?? '').not.toMatch(/:[^/$@]+@/);
      }
    }
  });

  it('keeps the versions of chart and app out of immutable fields', async () => {
    const selectors = ({ objects }: Rendered): unknown[] =>
      objects.map(({ kind, metadata, spec }) => [kind, metadata.name, spec?.selector]);
    const newer = await Chart.copy(helm ?? '');
    try {
      await newer.replace('Chart.yaml', /^(version|appVersion): .*$/gm, '$1: 9.9.9');
      expect(selectors(await newer.render({ values }))).toEqual(selectors(rendered));
    } finally {
      await newer.close();
    }
  });
});
