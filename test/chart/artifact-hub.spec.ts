import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

const CHART = 'charts/music-separation';

interface ChartFile {
  readonly version: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** see https://artifacthub.io/docs/topics/annotations/helm */
describe('the annotations for Artifact Hub', () => {
  async function annotation(name: string): Promise<unknown> {
    const chart = parse(await readFile(`${CHART}/Chart.yaml`, 'utf8')) as ChartFile;
    return parse(chart.annotations[`artifacthub.io/${name}`] ?? '');
  }

  it('name the images of values.yaml', async () => {
    const { images } = parse(await readFile(`${CHART}/values.yaml`, 'utf8')) as {
      images: Record<string, { repository?: string }>;
    };
    const used = Object.values(images).flatMap(({ repository }) => repository ?? []);
    const named = (await annotation('images')) as { image: string }[];
    expect(named.map(({ image }) => /([^/]+):/.exec(image)?.[1])).toEqual(used);
  });

  it('have changes and links of the kinds that it shows', async () => {
    const changes = (await annotation('changes')) as { kind: string; description: string }[];
    for (const { kind, description } of changes) {
      expect(['added', 'changed', 'deprecated', 'removed', 'fixed', 'security']).toContain(kind);
      expect(description).toMatch(/\w/);
    }
    const links = (await annotation('links')) as { name: string; url: string }[];
    expect(links.map(({ name }) => name)).toEqual(expect.arrayContaining(['source', 'support']));
    expect(links.every(({ url }) => URL.canParse(url))).toBe(true);
    expect(await annotation('category')).toBe('ai-machine-learning');
    expect(await annotation('prerelease')).toBe(false);
  });
});
