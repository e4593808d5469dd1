import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { STEM_ORDER } from '@app/separations';

it('gives every known stem a color of its own', async () => {
  const css = await readFile(new URL('stems.css', import.meta.url), 'utf8');
  const rules = [...css.matchAll(/\.lane\[data-stem='(\w+)'\] \{\s*--stem: ([^;]+);/g)];
  expect(new Set(rules.map(([, stem]) => stem))).toEqual(new Set(STEM_ORDER));
  expect(new Set(rules.map(([, , color]) => color)).size).toBe(STEM_ORDER.length);
});
