import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { rowsOf, withValuesTable } from './values-table.js';

const README = 'charts/music-separation/README.md';
const SCHEMA = 'charts/music-separation/values.schema.json';
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

  it('explains each value', async () => {
    const rows = rowsOf(await readFile(VALUES, 'utf8'));
    expect(rows.filter(({ meaning }) => meaning === '').map(({ path }) => path)).toEqual([]);
  });

  it('has a row for each key that the schema allows in podDefaults', async () => {
    const rows = rowsOf(await readFile(VALUES, 'utf8'));
    const schema = JSON.parse(await readFile(SCHEMA, 'utf8')) as { $defs: { pod: { properties: object } } };
    const paths = new Set(rows.map(({ path }) => path));
    expect(Object.keys(schema.$defs.pod.properties).filter((key) => !paths.has(`podDefaults.${key}`))).toEqual([]);
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

  it('takes a comment at the end of a line, and none that an empty line ends', () => {
    const values =
      '# the file\n\n# a name\nname: x # or y\nlist: [] # a list\nmap: { a: 1 } # a map\n# the\n# last\nlast: 1\n';
    expect(rowsOf(values).map(({ meaning }) => meaning)).toEqual(['a name or y', 'a list', 'a map', 'the last']);
  });

  it('joins the lines of a list', () => {
    const values = '# Choices:\n# - a, the\n#   first\n# - b\nchoice: a\n# - c\n# - d\nother: c\n';
    expect(rowsOf(values).map(({ meaning }) => meaning)).toEqual(['Choices: a, the first; b', 'c; d']);
  });
});
