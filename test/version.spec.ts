import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

describe('the version in package.json', () => {
  it('is that of the lock file, the chart, the engine, the Python client and compose, and has a section in the changelog', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(JSON.parse(await readFile('package-lock.json', 'utf8'))).toMatchObject({ version });
    const chart = await readFile('charts/music-separation/Chart.yaml', 'utf8');
    expect(parse(chart)).toMatchObject({ version, appVersion: version });
    for (const line of chart.match(/.*OWNER\/REPOSITORY\/(?:music|blob).*/g) ?? []) expect(line).toContain(version);
    for (const file of [
      'engine/src/separation_engine/__init__.py',
      'clients/python/src/music_separation/__init__.py',
    ]) {
      expect(await readFile(file, 'utf8')).toContain(`__version__ = "${version}"`);
    }
    for (const file of ['compose.yaml', 'compose.gpu.yaml']) {
      const versions = (await readFile(file, 'utf8')).matchAll(/\$\{VERSION:-([^}]*)\}/g);
      expect(new Set([...versions].map((found) => found[1]))).toEqual(new Set([version]));
    }
    expect(await readFile('CHANGELOG.md', 'utf8')).toMatch(new RegExp(`^## ${version.replaceAll('.', '\\.')}\\b`, 'm'));
  });
});
