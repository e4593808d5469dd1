import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { rowsOf, withValuesTable } from './values-table.js';

const README = 'charts/music-separation/README.md';
const VALUES = 'charts/music-separation/values.yaml';

describe("the table of values in the chart's README", () => {
  it('is that of `npm run docs:chart`', async () => {
    const [page, values] = await Promise.all([readFile(README, 'utf8'), readFile(VALUES, 'utf8')]);
    const expected = withValuesTable(page, values);
    if (process.env['WRITE_CHART_DOCS'] === undefined) expect(page).toBe(expected);
    else await writeFile(README, expected);
  });

  it('has a row for each value of the chart, with its default', async () => {
    const values = await readFile(VALUES, 'utf8');
    const parsed: unknown = parse(values);
    for (const { path, unset } of rowsOf(values)) {
      const found = path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], parsed);
      if (unset !== '') expect([path, unset]).toEqual([path, `\`${JSON.stringify(found).replaceAll('|', '\\|')}\``]);
    }
    const top = new Set(rowsOf(values).map(({ path }) => path.split('.')[0]));
    expect([...top]).toEqual(Object.keys(parsed as object));
  });

  it('gives a comment to the key that follows it, and to a group', () => {
    const values = '# a name\nname: x\n# a group\ngroup:\n  # the first\n  first: { a: 1 }\n  second: []\n';
    expect(rowsOf(values)).toEqual([
      { path: 'name', unset: '`"x"`', meaning: 'a name' },
      { path: 'group', unset: '', meaning: 'a group' },
      { path: 'group.first', unset: '`{"a":1}`', meaning: 'the first' },
      { path: 'group.second', unset: '`[]`', meaning: '' },
    ]);
  });
});
