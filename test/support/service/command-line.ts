import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { waitUntil } from '../wait-until.js';

const MAIN = resolve('dist', 'client', 'cli', 'main.js');

/** What `--json` prints. */
export interface PrintedEvent {
  readonly event: string;
  readonly song?: string;
  readonly [field: string]: unknown;
}

interface Options {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly main?: string;
}

/** The command line of the built client, as a process. */
export class CommandLine {
  stdout = '';
  stderr = '';
  private readonly ended: Promise<number | null>;

  private constructor(readonly process: ChildProcess) {
    process.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(process, 'close').then(([code]) => code as number | null);
  }

  static start(args: readonly string[], { cwd, env, main = MAIN }: Options): CommandLine {
    const { PATH = '', HOME = '' } = process.env;
    const options = { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] as const };
    return new CommandLine(spawn(process.execPath, [main, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  get events(): PrintedEvent[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as PrintedEvent);
  }

  /** Those of a kind. */
  of(event: string): PrintedEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  /** Waits until so many events of a kind were printed. */
  async prints(event: string, times = 1): Promise<PrintedEvent[]> {
    return waitUntil(`${times} ${event}`, () => this.of(event).length >= times && this.of(event), {
      deadlineMs: 60_000,
    }).catch((error: unknown) => {
      throw new Error(`${this.stdout}\n${this.stderr}`, { cause: error });
    });
  }

  /** @returns the exit code */
  async end(): Promise<number | null> {
    return this.ended;
  }

  stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    this.process.kill(signal);
    return this.ended;
  }
}
