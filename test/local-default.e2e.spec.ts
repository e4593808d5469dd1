import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ENGINE_CACHE } from './support/service/engine-cache.js';
import { freePorts } from './support/servers/free-port.js';
import { processesWith } from './support/service/process-list.js';
import { DEMO_SONG } from './support/service/test-service.js';
import { waitUntil } from './support/wait-until.js';

const STEMS = ['bass.flac', 'drums.flac', 'other.flac', 'vocals.flac'];

/** A script of `npm run`, started as in a terminal. */
class Script {
  output = '';
  readonly ended: Promise<number | null>;

  constructor(readonly process: ChildProcess) {
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    process.stdout?.on('data', keep);
    process.stderr?.on('data', keep);
    this.ended = once(process, 'close').then(([code]) => code as number | null);
  }
}

describe('npm start', () => {
  let folder: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'local-default-'));
    const [port, workerPort] = await freePorts(2);
    const { PATH = '', HOME = '' } = process.env;
    env = { PATH, HOME, DATA_DIR: folder, MODEL: 'demo', PORT: String(port), WORKER_PORT: String(workerPort) };
  });

  afterEach(async () => {
    for (const pid of processesWith(folder)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const script = (name: string, ...args: string[]): Script =>
    new Script(spawn(process.execPath, [`scripts/${name}.mjs`, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }));

  it('brings up everything, separates a song from the command line, and leaves no process after Ctrl-C', async () => {
    const [songs, library] = [join(folder, 'songs'), join(folder, 'songs', 'library')];
    await mkdir(songs);
    await copyFile(DEMO_SONG, join(songs, 'demo-song.mp3'));
    Object.assign(env, { WATCH_DIR: songs, LIBRARY_DIR: library });
    const start = script('start');
    await waitUntil('it is ready', () => start.output.includes('Music separation is ready'), {
      deadlineMs: 60_000,
    }).catch(() => {
      throw new Error(start.output);
    });
    const out = join(folder, 'stems');
    const separate = script('separate', DEMO_SONG, '--out', out, '--server', `http://127.0.0.1:${env['PORT'] ?? ''}`);
    expect({ code: await separate.ended, output: separate.output }).toMatchObject({ code: 0 });
    expect((await readdir(out)).sort()).toEqual(['.separations', ...STEMS]);
    const ofWatch = async (): Promise<boolean> => (await readdir(join(library, 'demo-song'))).length === STEMS.length;
    await waitUntil('the stems of the watched song', ofWatch, { deadlineMs: 60_000 });
    // one terminal shows the logs of all services
    expect(start.output).toContain('rest-server');
    expect(start.output).toContain('worker-server');

    start.process.kill('SIGINT');
    expect(await start.ended).toBe(0);
    expect(processesWith(folder)).toEqual([]);
  });

  it('restarts a server after a save with --watch, and leaves no process after Ctrl-C', async () => {
    env['ENGINE_CACHE_DIR'] = ENGINE_CACHE;
    const dev = script('start', '--watch');
    const prints = (text: string, times = 1): Promise<unknown> =>
      waitUntil(text, () => dev.output.split(text).length > times, { deadlineMs: 60_000 }).catch(() => {
        throw new Error(dev.output);
      });
    await prints('Music separation is ready');
    const page = /The page +(\S+)/.exec(dev.output)?.[1] ?? '';
    expect(await (await fetch(page)).text()).toContain('/@vite/client');
    await utimes('apps/api/src/main.ts', new Date(), new Date());
    await prints('rest-server listens on', 2);

    dev.process.kill('SIGINT');
    expect(await dev.ended).toBe(0);
    expect(processesWith(folder)).toEqual([]);
  });

  it('says what to do when its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    env['PORT'] = String(port);
    const start = script('start');
    expect(await start.ended).toBe(1);
    expect(start.output.trim()).toBe(
      `Port ${port} is in use. Stop the program that uses it, or choose another port: PORT=${port + 10} npm start`,
    );
    other.close();
  });

  it('falls back to the demo model with a prominent notice when the model cannot be fetched', async () => {
    env['MODEL'] = '';
    env['ENGINE_CACHE_DIR'] = ENGINE_CACHE;
    // no server answers there
    env['HF_ENDPOINT'] = 'http://127.0.0.1:9';
    const start = script('start');
    await waitUntil('it is ready', () => start.output.includes('Music separation is ready'), {
      deadlineMs: 60_000,
    }).catch(() => {
      throw new Error(start.output);
    });
    expect(start.output).toContain('THIS IS THE DEMO MODEL');
    expect(start.output).toContain('with the model demo');
    start.process.kill('SIGINT');
    await start.ended;
  });
});

describe('npm run separate', () => {
  it.each([
    ['no service', 3, [DEMO_SONG, '--server', 'http://127.0.0.1:9'], /No server answers at .*npm start/],
    ['no file', 2, ['no-such-song.mp3'], /There is no file \S*no-such-song\.mp3/],
    ['a wrong option', 2, [DEMO_SONG, '--loud'], /--loud/],
  ])('says what to do about %s', async (_what, code, args, sentence) => {
    const child = spawn(process.execPath, ['scripts/separate.mjs', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const separate = new Script(child);
    expect(await separate.ended).toBe(code);
    expect(separate.output).toMatch(sentence);
  });
});
