import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeChart, helm } from './cases.js';
import { Chart } from './chart.js';
import { immutableParts } from './immutable.js';

type Parts = Readonly<Record<string, unknown>>;

/**
 * previous/ has the values and the objects of the chart before. No version has been published yet: it is the chart of
 * 28 November 2026, commit 0c63a0d.
 */
const PREVIOUS = 'test/chart/previous';

describeChart('an upgrade with the values of the previous chart', () => {
  let chart: Chart;
  let previous: Readonly<Record<string, Parts>>;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    previous = JSON.parse(await readFile(`${PREVIOUS}/objects.json`, 'utf8')) as Record<string, Parts>;
  });

  afterAll(() => chart.close());

  it.each([
    ['default', undefined],
    ['everything', `${PREVIOUS}/everything-values.yaml`],
  ] as const)('keeps every name, selector and claim: %s', async (name, file) => {
    const now = immutableParts(await chart.render(file === undefined ? {} : { file }));
    const before = Object.entries(previous[name] ?? {});
    expect(before.length).toBeGreaterThan(10);
    for (const [object, fields] of before) expect([object, now[object]]).toEqual([object, fields]);
  });

  it('notices a selector that changes', async () => {
    const other = await Chart.copy(helm ?? '');
    try {
      await other.replace('templates/_names.tpl', /app\.kubernetes\.io\/instance/g, 'app.kubernetes.io/release');
      const now = immutableParts(await other.render());
      expect(now['Deployment music/rest-server']).not.toEqual(previous['default']?.['Deployment music/rest-server']);
    } finally {
      await other.close();
    }
  });
});
