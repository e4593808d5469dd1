import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { patient } from './support/patience.js';

/** an installation that ignores signals while it cleans up */
const INSTALLATION = 'process.on("SIGTERM", () => {}); setTimeout(() => {}, 30_000); console.log(process.pid);';
const SET_UP = `
  import { endRunning, run } from './scripts/support/run.mjs';
  process.on('SIGTERM', () => void endRunning().then(() => process.exit(130)));
  await run(process.execPath, ['-e', ${JSON.stringify(INSTALLATION)}]);
`;

describe('an interrupted set-up', () => {
  it('ends after all its processes are gone', async () => {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const setUp = spawn(process.execPath, ['--input-type=module', '-e', SET_UP], { stdio: [...stdio] });
    const [pid] = (await once(createInterface(setUp.stdout as NodeJS.ReadableStream), 'line')) as [string];
    setUp.kill('SIGTERM');
    expect((await once(setUp, 'exit'))[0]).toBe(130);
    expect(() => process.kill(Number(pid), 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });
});

describe('a quiet command', () => {
  it('keeps all of its output, whole characters', async () => {
    const script = `
      import { run } from './scripts/support/run.mjs';
      const write = 'process.stdout.write("ä".repeat(200_001) + "!")';
      const { code, output } = await run(process.execPath, ['-e', write], { quiet: true, background: true });
      console.log(code, output.length, output.replaceAll('ä', ''));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toBe('0 200002 !\n');
  });
});

describe('npm start on a machine where it cannot run', () => {
  let folder: string;
  let start: string[];
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'set-up-')));
    // a copy: what goes on without need must not install anything here
    await cp('scripts', join(folder, 'scripts'), { recursive: true });
    await cp('package.json', join(folder, 'package.json'));
    start = [process.execPath, join(folder, 'scripts', 'start.mjs')];
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a command to its end and returns what it printed. */
  async function run(command: string[], env: Record<string, string> = {}): Promise<{ code: unknown; output: string }> {
    const [file = '', ...args] = command;
    const all = { PATH: process.env['PATH'] ?? '', HOME: folder, DATA_DIR: join(folder, 'data'), ...env };
    const child = spawn(file, args, { env: all, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let output = '';
    const keep = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(patient(10_000)) })) as unknown[];
    return { code, output: output.trim() };
  }

  /** Starts a module of `scripts` that goes on running, and resolves with its first line. */
  async function keepRunning(source: string, env: Record<string, string> = {}): Promise<string> {
    const all = { PATH: process.env['PATH'] ?? '', ...env };
    const child = spawn(process.execPath, ['--input-type=module', '-e', `${source}; setInterval(() => {}, 1000);`], {
      env: all,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line', {
      signal: AbortSignal.timeout(patient(10_000)),
    })) as [string];
    return line;
  }

  it('says that both ports are the same', async () => {
    expect(await run(start, { PORT: '3100', WORKER_PORT: '3100' })).toEqual({
      code: 1,
      output: 'PORT and WORKER_PORT are both 3100. Set WORKER_PORT to another port.',
    });
  });

  it('says that too few files may be open', async () => {
    expect(await run(['sh', '-c', `ulimit -n 256 && exec "${start.join('" "')}"`])).toEqual({
      code: 1,
      output: 'Only 256 files may be open at once here, but the service needs 1024. Raise the limit: ulimit -Hn 1024',
    });
  });

  it('says that it cannot write to the data folder', async () => {
    const data = join(folder, 'file', 'data');
    await writeFile(join(folder, 'file'), '');
    expect(await run(start, { DATA_DIR: data })).toEqual({
      code: 1,
      output: `Cannot write to ${data} (ENOTDIR). Set DATA_DIR to a folder that you may write to.`,
    });
  });

  it('says in one sentence that a file cannot be read', async () => {
    const source = `
      import { readFileSync } from 'node:fs';
      import { main } from './scripts/support/fail.mjs';
      await main(async () => readFileSync('${folder}/none'));
    `;
    const { code, output } = await run([process.execPath, '--input-type=module', '-e', source]);
    expect(code).toBe(1);
    expect(output).toMatch(/^Cannot go on: ENOENT: .*none'\. Check the permissions.*$/);
  });

  it('leaves a data folder to the service that uses it, and takes it after that one was killed', async () => {
    await mkdir(join(folder, 'data'));
    const lock = `import { lockDataDir } from './scripts/service/data-lock.mjs';
      lockDataDir('${folder}/data', { built: false }); console.log('locked')`;
    expect(await keepRunning(lock)).toBe('locked');
    const { code, output } = await run(start);
    expect({ code, output }).toEqual({
      code: 1,
      output: `Another npm start uses ${folder}/data. Stop it, or set DATA_DIR to another folder (and PORT and WORKER_PORT).`,
    });
    const [first] = children;
    first?.kill('SIGKILL');
    if (first !== undefined) await once(first, 'exit');
    expect(await keepRunning(lock)).toBe('locked');
  });

  it('leaves a data folder to a container on the same volume', async () => {
    await mkdir(join(folder, 'data'));
    // containers share the file, and neither processes nor sockets
    const hold = 'import fcntl, sys; file = open(sys.argv[1], "a"); fcntl.flock(file, fcntl.LOCK_EX)';
    const holder = spawn('python3', [
      '-c',
      `${hold}; print("held", flush=True); sys.stdin.read()`,
      join(folder, 'data', 'service.lock'),
    ]);
    children.push(holder);
    await once(holder.stdout, 'data', { signal: AbortSignal.timeout(patient(10_000)) });
    expect((await run(start)).output).toContain(`Another npm start uses ${folder}/data.`);
    expect(await run([...start, '--built'])).toEqual({
      code: 1,
      output: `Another container uses the volume of ${folder}/data. Stop it, or give this one a volume of its own.`,
    });
  });

  it("sets the queue's files aside if Redis cannot read them", async () => {
    const log = join(folder, 'redis', 'appendonlydir');
    await mkdir(log, { recursive: true });
    await writeFile(join(log, 'appendonly.aof.manifest'), 'file appendonly.aof.1.incr.aof seq 1 type i\n');
    await writeFile(join(log, 'appendonly.aof.1.incr.aof'), 'not a log of commands\n'.repeat(9));
    const source = `import { startRedis } from './scripts/service/redis.mjs';
      const { child, url } = await startRedis('${folder}');
      console.log(url); await child.stop(5000); process.exit(0)`;
    const ENGINE_PYTHON = 'engine/.venv/bin/python';
    const { code, output } = await run([process.execPath, '--input-type=module', '-e', source], { ENGINE_PYTHON });
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/redis:.*@127\.0\.0\.1:/);
    expect(output).toMatch(/could not read the queue's files, so they are now in .*redis-unreadable-/);
    const [aside = ''] = (await readdir(folder)).filter((name) => name.startsWith('redis-unreadable-'));
    expect(await readdir(join(folder, aside, 'appendonlydir'))).toContain('appendonly.aof.1.incr.aof');
  });

  it('gives the reason why the Redis of the Python packages does not load', async () => {
    const python = join(folder, 'python');
    await writeFile(
      python,
      '#!/bin/sh\necho "ImportError: libssl.so.1.1: cannot open shared object file" >&2; exit 1\n',
      {
        mode: 0o755,
      },
    );
    const source = `import { main } from './scripts/support/fail.mjs';
      import { startRedis } from './scripts/service/redis.mjs'; await main(() => startRedis('${folder}'))`;
    const command = [process.execPath, '--input-type=module', '-e', source];
    const { code, output } = await run(command, { ENGINE_PYTHON: python, PATH: folder });
    expect(code).toBe(1);
    expect(output).toContain('does not load: ImportError: libssl.so.1.1');
  });

  it('knows an environment whose Python is gone, and one whose checkout was moved', async () => {
    const checkout = join(folder, 'checkout');
    const engine = join(checkout, 'engine');
    await cp('scripts', join(checkout, 'scripts'), { recursive: true });
    await cp('package.json', join(checkout, 'package.json'));
    await mkdir(join(engine, 'src', 'separation_engine'), { recursive: true });
    await writeFile(join(engine, 'src', 'separation_engine', '__init__.py'), '');
    await promisify(execFile)('python3', ['-m', 'venv', '--without-pip', join(engine, '.venv')]);
    const state = async (root: string): Promise<unknown> => {
      const source = `import { venvState } from '${root}/scripts/setup/venv-state.mjs';
        console.log(JSON.stringify((await venvState()).state))`;
      return JSON.parse((await run([process.execPath, '--input-type=module', '-e', source])).output);
    };
    expect(await state(checkout)).toBe('broken');
    const [python = ''] = await readdir(join(engine, '.venv', 'lib'));
    const packages = join(engine, '.venv', 'lib', python, 'site-packages');
    await mkdir(join(packages, 'pip'));
    await writeFile(join(packages, 'pip', '__init__.py'), '');
    expect(await state(checkout)).toBe('unlinked');
    await writeFile(join(packages, 'engine.pth'), join(engine, 'src'));
    expect(await state(checkout)).toBe('sound');
    const moved = join(folder, 'moved');
    await cp(checkout, moved, { recursive: true, verbatimSymlinks: true });
    expect(await state(moved)).toBe('unlinked');
    await rm(moved, { recursive: true });
    await rename(checkout, moved);
    expect(await state(moved)).toBe('unlinked');
    for (const name of ['python', 'python3']) {
      await rm(join(moved, 'engine', '.venv', 'bin', name), { force: true });
      await symlink('/none/python3.9', join(moved, 'engine', '.venv', 'bin', name));
    }
    expect(await state(moved)).toBe('broken');
  });
});
