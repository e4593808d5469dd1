import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from './support/service/test-service.js';
import { decodeSamples, makeSong } from './support/songs/songs.js';

describe('ten equal uploads at once', () => {
  let service: TestService;
  let id: string;

  beforeAll(async () => {
    service = await TestService.start();
    await service.startApi();
  });

  afterAll(() => service.close());

  it('are one separation and one computation', async () => {
    const song = await makeSong(service.folder, 20);
    const uploads = Array.from({ length: 10 }, (_, index) => service.client(index % 2).upload(song));
    const answers = await Promise.all(uploads);
    // with its body, which says why where it is another one
    for (const { status, body } of answers)
      expect({ ok: [200, 202].includes(status), body }).toMatchObject({ ok: true });
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    id = answers[0]?.body.id ?? '';
    const done = await service.waitFor(id, 'completed');

    const port = service.workers[0]?.port ?? 0;
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const computed = /^separation_audio_seconds_total(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1];
    expect(Number(computed)).toBeCloseTo(done.receipt?.input.durationSeconds ?? 0, 0);
  });

  it('are mixed at another speed and pitch, and the drums keep theirs', async () => {
    const mix = async (query: string): Promise<{ body: Buffer; samples: Float32Array; name: string | null }> => {
      const { status, headers, body } = await service.api.bytes(`/v1/separations/${id}/mix.wav?${query}`);
      expect([status, body.length]).toEqual([200, Number(headers.get('content-length'))]);
      const file = join(service.folder, 'mix.wav');
      await writeFile(file, body);
      return { body, samples: await decodeSamples(file), name: headers.get('content-disposition') };
    };
    const [plain, slow, moved] = [
      await mix('levels=drums:1,bass:0.5'),
      await mix('levels=drums:1,bass:0.5&speed=0.8&semitones=-2.5'),
      await mix('levels=drums:1&semitones=5'),
    ];
    expect(slow.samples).toHaveLength(2 * Math.round(plain.samples.length / 2 / 0.8));
    expect(slow.name).toContain('(mix, 80 %, -2.5).wav');
    const power = ({ samples }: typeof plain): number =>
      10 * Math.log10(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
    expect(Math.abs(power(slow) - power(plain))).toBeLessThan(1);
    expect(moved.body.equals((await mix('levels=drums:1')).body)).toBe(true);
  });

  it('leave metrics that the docs list in full', async () => {
    const servers = [service.client(0).url, `http://127.0.0.1:${service.workers[0]?.port ?? 0}`];
    const pages = await Promise.all(servers.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const own = pages.join('\n').matchAll(/^# TYPE (?!nodejs_|process_)(\w+)/gm);
    const [metrics = ''] = (await readFile('docs/logs-and-metrics.md', 'utf8')).split('## Traces');
    const listed = metrics.matchAll(/^\| `(\w+)` +\| (?!.*with keys)/gm);
    const names = (matches: Iterable<RegExpExecArray>): string[] => [
      ...new Set([...matches].map(([, name = '']) => name)),
    ];
    expect(names(listed).sort()).toEqual(names(own).sort());
  });
});
