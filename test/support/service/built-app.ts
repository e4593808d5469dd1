import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export type AppName = 'api' | 'worker' | 'logs';

const KEPT_OUTPUT = 20_000;

/** One of the built apps as a process of its own, as `npm start` and a container run it. */
export class BuiltApp {
  #output = '';
  readonly #ended: Promise<number | null>;

  private constructor(readonly process: ChildProcess) {
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    process.stdout?.on('data', keep);
    process.stderr?.on('data', keep);
    this.#ended = once(process, 'close').then(([code]) => code as number | null);
  }

  /** @param through a command that makes itself the app, as `unshare` does */
  static start(app: AppName, env: Readonly<Record<string, string>>, through: readonly string[] = []): BuiltApp {
    const main = resolve('dist', 'apps', app, 'apps', app, 'src', 'main.js');
    // PYTHONPATH: another engine than the installed one
    const { PATH = '', HOME = '', PYTHONPATH = '' } = process.env;
    const own = { PATH, HOME, PYTHONPATH, ...env };
    const options = { env: own, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
    const [command, ...args] = [...through, process.execPath, main];
    return new BuiltApp(spawn(command, args, options));
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('the app did not start');
    return this.process.pid;
  }

  /** what it has printed lately, for the message of a failed expectation */
  get output(): string {
    return this.#output;
  }

  /** resolves with the exit code, null after a signal */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** SIGTERM, and an error when it takes longer: a shutdown is bounded. */
  async stop(withinMs = 15_000): Promise<void> {
    if (!this.running) return;
    this.signal('SIGTERM');
    const inTime = await Promise.race([this.#ended.then(() => true), pause(withinMs, false, { ref: false })]);
    if (inTime) return;
    await this.kill();
    throw new Error(`the app did not end ${withinMs} ms after SIGTERM:\n${this.#output}`);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }
}
