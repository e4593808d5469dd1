import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { groupExists } from './kill-group.js';
import { ProcessFailedError, ProcessTimeoutError } from './process.errors.js';
import { runProcess } from './run-process.js';

const NODE = process.execPath;
const TIMEOUT = { timeoutMs: 20_000 };

/** Runs JavaScript in a child. `said` resolves with its first output. */
function start(script: string, options: Partial<Parameters<typeof runProcess>[2]> = {}) {
  let firstLine: (line: string) => void = () => undefined;
  const said = new Promise<string>((resolve) => (firstLine = resolve));
  const result = runProcess(NODE, ['-e', script], {
    ...TIMEOUT,
    onStdout: (chunk) => {
      firstLine(chunk.toString().trim());
    },
    ...options,
  });
  return { said, result };
}

/** ignores SIGTERM and starts a child that holds the pipes; prints its process id */
const STUBBORN_FAMILY = `
  process.on('SIGTERM', () => {});
  const { spawn } = require('node:child_process');
  const script = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); process.send("up")';
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.once('message', () => console.log(process.pid));
  setInterval(() => {}, 1000);
`;

const openHandles = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap' || name === 'ProcessWrap').length;

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 3000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`still false: ${String(holds)}`);
    await delay(5);
  }
}

describe(runProcess.name, () => {
  let openBefore: number;

  beforeEach(() => {
    openBefore = openHandles();
  });

  afterEach(async () => {
    await until(() => openHandles() === openBefore);
  });

  it('returns the exit code and stderr, and passes arguments without a shell', async () => {
    const said: string[] = [];
    const script = 'console.log(process.argv[1]); console.error("careful")';
    const result = await runProcess(NODE, ['-e', script, '$(id); `id`'], {
      ...TIMEOUT,
      onStdout: (chunk) => said.push(chunk.toString()),
    });
    expect(result).toEqual({ code: 0, stderr: 'careful\n' });
    expect(said.join('')).toBe('$(id); `id`\n');
  });

  it('keeps our environment from the child', async () => {
    const { said, result } = start('console.log(JSON.stringify(Object.keys(process.env)))');
    await result;
    expect(JSON.parse(await said)).not.toContain('PATH');
  });

  it('fails with the exit code and stderr of a failed child, unless the code is expected', async () => {
    const script = 'console.error("no such song"); process.exit(3)';
    await expect(start(script).result).rejects.toMatchObject({ exitCode: 3, stderr: 'no such song\n' });
    await expect(start(script, { exitCodes: [0, 3] }).result).resolves.toMatchObject({ code: 3 });
  });

  it('fails when the command does not exist', async () => {
    const stdin = new PassThrough();
    await expect(runProcess('/no/such/program', [], { ...TIMEOUT, stdin })).rejects.toThrow(ProcessFailedError);
    expect(stdin.destroyed).toBe(true);
  });

  it('reports that another process killed the child', async () => {
    await expect(start('process.kill(process.pid, "SIGKILL")').result).rejects.toThrow(/SIGKILL/);
  });

  it('ends the whole group after the time-out, even processes that ignore SIGTERM', async () => {
    const { said, result } = start(STUBBORN_FAMILY, { timeoutMs: 1500, graceMs: 100 });
    const failed = expect(result).rejects.toThrow(ProcessTimeoutError);
    const pid = Number(await said);
    await failed;
    await until(() => !groupExists(pid));
  });

  it('ends the whole group on abort, and rejects with the reason', async () => {
    const abort = new AbortController();
    const { said, result } = start(STUBBORN_FAMILY, { signal: abort.signal, graceMs: 100 });
    const failed = expect(result).rejects.toThrow('cancelled by hand');
    const pid = Number(await said);
    abort.abort(new Error('cancelled by hand'));
    await failed;
    await until(() => !groupExists(pid));
  });

  it('starts nothing if the signal is already aborted', async () => {
    await expect(start('1', { signal: AbortSignal.abort(new Error('too late')) }).result).rejects.toThrow('too late');
  });

  it('leaves no grandchild behind when the child succeeds', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).unref();
      console.log(process.pid);
      process.exit(0);`;
    const { said, result } = start(script);
    await expect(result).resolves.toMatchObject({ code: 0 });
    const pid = Number(await said);
    await until(() => !groupExists(pid));
  });

  it('survives a flood on stderr and keeps its start and end', async () => {
    const script = `
      const { writeSync } = require('node:fs');
      writeSync(2, 'first\\n');
      for (let i = 0; i < 2000; i++) writeSync(2, 'x'.repeat(1000) + '\\n');
      writeSync(2, 'last\\n');`;
    const { stderr } = await runProcess(NODE, ['-e', script], { ...TIMEOUT, maxStderrBytes: 4096 });
    expect(stderr.startsWith('first\n')).toBe(true);
    expect(stderr.endsWith('last\n')).toBe(true);
    expect(stderr).toMatch(/\[1997\d+ bytes omitted\]/);
    expect(stderr.length).toBeLessThan(4200);
  });

  it('splits stderr into lines of bounded length, without splitting a character', async () => {
    const lines: string[] = [];
    const script = `
      const { writeSync } = require('node:fs');
      const bytes = Buffer.from('für\\n' + 'y'.repeat(9000) + '\\nend');
      writeSync(2, bytes.subarray(0, 2));
      setTimeout(() => writeSync(2, bytes.subarray(2)), 20);`;
    await runProcess(NODE, ['-e', script], { ...TIMEOUT, onStderrLine: (line) => lines.push(line) });
    expect(lines).toEqual(['für', 'y'.repeat(4096), 'end']);
  });

  it('feeds stdin, and applies back-pressure to stdout', async () => {
    let bytes = 0;
    const source = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, 7)));
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        setImmediate(done);
      },
    });
    const script = 'process.stdin.pipe(process.stdout)';
    await runProcess(NODE, ['-e', script], { ...TIMEOUT, stdin: source, stdout: slow });
    expect(bytes).toBe(64 * 64 * 1024);
  });

  it('accepts a child that stops reading, and destroys the source', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    const script = 'process.stdin.once("data", () => process.exit(0))';
    await expect(runProcess(NODE, ['-e', script], { ...TIMEOUT, stdin: endless })).resolves.toMatchObject({ code: 0 });
    expect(endless.destroyed).toBe(true);
  });

  it.each([
    ['fails', new Error('store is unreachable'), /store is unreachable/],
    ['ends early', undefined, /Premature close/],
  ])('ends the child when its source %s', async (_how, error, message) => {
    const source = new PassThrough();
    const { said, result } = start('process.stdin.resume(); process.stdin.once("data", () => console.log("got it"))', {
      stdin: source,
    });
    const failed = expect(result).rejects.toThrow(message);
    source.write('half a song');
    await said;
    source.destroy(error);
    await failed;
  });

  it('ends the child when its output has no reader left', async () => {
    const sink = new PassThrough();
    sink.once('data', () => sink.destroy());
    const script = 'setInterval(() => process.stdout.write("x".repeat(65536)), 1)';
    await expect(runProcess(NODE, ['-e', script], { ...TIMEOUT, stdout: sink })).rejects.toThrow(/Premature close/);
  });

  it('times out when its output is stuck', async () => {
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const script = 'process.stdout.write("x".repeat(1e6))';
    const result = runProcess(NODE, ['-e', script], { timeoutMs: 500, graceMs: 100, stdout: stuck });
    await expect(result).rejects.toThrow(ProcessTimeoutError);
    expect(stuck.destroyed).toBe(true);
  });
});
