import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runPython, runTool } from '../openapi/run-tool.js';
import { buildClient } from '../support/service/build-client.js';
import { TestService } from '../support/service/test-service.js';
import { wav } from '../support/songs/wav.js';

describe('the client package', () => {
  let service: TestService;
  let folder: string;

  beforeAll(async () => {
    await buildClient();
    service = await TestService.start();
  });

  afterAll(() => service.close());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is packed without dependencies, installs offline into an empty folder, and runs there', async () => {
    const npm = (cwd: string, ...args: string[]): Promise<string> =>
      runTool('npm', ['--offline', '--no-audit', '--no-fund', '--loglevel=error', ...args], { cwd });
    const tarball = (await npm(folder, 'pack', resolve('dist', 'client'), '--silent')).trim();
    await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
    await npm(folder, 'install', join(folder, tarball));
    expect((await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      'music-separation-client',
    ]);
    const song = join(folder, 'song.wav');
    await writeFile(song, wav());
    await writeFile(
      join(folder, 'use.mjs'),
      `import { SeparationClient, paths } from 'music-separation-client';
       import { saveDownload, songFile } from 'music-separation-client/node';
       const client = new SeparationClient({ server: process.argv[2] });
       const { id, status, stems } = await client.separate(await songFile(process.argv[3]), { stems: ['drums'] });
       await saveDownload(client, paths.stem(id, 'drums', 'mp3'), 'drums.mp3');
       const listed = (await client.list({ status: 'completed' })).separations.some((one) => one.id === id);
       await client.delete(id);
       const gone = await client.status(id).catch(({ code }) => code);
       console.log(JSON.stringify({ status, stems, listed, gone }));`,
    );
    const printed = await runTool(process.execPath, ['use.mjs', service.api.url, song], { cwd: folder });
    expect(JSON.parse(printed)).toEqual({
      status: 'completed',
      stems: ['drums'],
      listed: true,
      gone: 'separation_not_found',
    });
    expect((await stat(join(folder, 'drums.mp3'))).size).toBeGreaterThan(1000);
    expect(await npm(folder, 'exec', '--', 'separate', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    // its types stand alone
    await writeFile(
      join(folder, 'use.ts'),
      `import { SeparationClient, type Separation } from 'music-separation-client';
       export const one: Promise<Separation> = new SeparationClient({ server: '' }).status('sep_0');
       // @ts-expect-error there is no such status
       export const wrong: Separation['status'] = 'done';`,
    );
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2023,dom'];
    const compiler = resolve('node_modules', 'typescript', 'bin', 'tsc');
    expect(await runTool(process.execPath, [compiler, ...options, 'use.ts'], { cwd: folder })).toBe('');
  });

  it('has a sister for Python', async () => {
    const song = join(folder, 'song.wav');
    await writeFile(song, wav({ frequency: 330 }));
    const script = resolve('test', 'client', 'python_client_calls.py');
    const env = { PYTHONPATH: resolve('clients', 'python', 'src'), PYTHONDONTWRITEBYTECODE: '1' };
    await runPython([script, service.api.url, song, folder], { cwd: folder, env });
  });

  it('is not needed: a public generator makes a client for the whole life of a song', async () => {
    const song = join(folder, 'song.wav');
    await writeFile(song, wav({ frequency: 550 }));
    await writeFile(join(folder, 'api.json'), await (await service.api.fetch('/docs-json')).text());
    const config = resolve('test', 'openapi', 'python-client.yaml');
    const options = ['--meta', 'none', '--output-path', 'generated', '--config', config, '--fail-on-warning'];
    await runPython(['-m', 'openapi_python_client', 'generate', '--path', 'api.json', ...options], { cwd: folder });
    const script = resolve('test', 'openapi', 'python_client_calls.py');
    await runPython([script, service.api.url, song], { cwd: folder, env: { PYTHONPATH: folder } });
  });
});
