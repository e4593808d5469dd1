import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BuiltApp } from '../../support/service/built-app.js';
import { descendants } from '../../support/service/process-list.js';
import { waitUntil } from '../../support/wait-until.js';
import { diskOf, withSmallDisk } from './small-disk.js';

/** a supervisor, as Kubernetes is one, waits longer after each end; this is the first wait */
const RESTART_MS = 1000;
const READY_MS = 60_000;

interface ProcessSettings {
  readonly name: string;
  readonly app: 'api' | 'worker';
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** its own, for logs and temporary files */
  readonly folder: string;
  /** whether its temporary files lie on a small disk of their own */
  readonly smallDisk: boolean;
}

/** One built server that the drill kills and starts again on the same port. */
export class DrillProcess {
  /** how often it ended without being told to, with what it printed last */
  readonly unplannedEnds: string[] = [];
  #app: BuiltApp | undefined;
  #log: WriteStream | undefined;
  /** false while the drill wants it to be down */
  #wanted = false;

  constructor(private readonly settings: ProcessSettings) {}

  get name(): string {
    return this.settings.name;
  }

  get url(): string {
    return `http://127.0.0.1:${this.settings.port}`;
  }

  get pid(): number | undefined {
    return this.#app?.running === true ? this.#app.pid : undefined;
  }

  /** where it writes temporary files, seen from here */
  get temporary(): string {
    const folder = join(this.settings.folder, 'temporary');
    return this.settings.smallDisk && this.pid !== undefined ? diskOf(this.pid, folder) : folder;
  }

  get hasSmallDisk(): boolean {
    return this.settings.smallDisk;
  }

  async start(): Promise<void> {
    const { app, env, folder, name, port, smallDisk } = this.settings;
    const temporary = join(folder, 'temporary');
    await mkdir(temporary, { recursive: true });
    this.#log ??= createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
    this.#wanted = true;
    // TMPDIR must exist: a small disk is empty at first
    const own = { SCRATCH_DIR: join(temporary, 'scratch'), TMPDIR: temporary };
    const ports = app === 'api' ? { PORT: String(port) } : { WORKER_PORT: String(port) };
    const started = BuiltApp.start(app, { ...env, ...own, ...ports }, smallDisk ? withSmallDisk(temporary) : []);
    for (const stream of [started.process.stdout, started.process.stderr]) stream?.pipe(this.#log, { end: false });
    this.#app = started;
    void started.ended.then((code) => this.#ended(started, code));
  }

  async untilReady(): Promise<void> {
    const ready = async (): Promise<boolean> =>
      (await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok;
    await waitUntil(`${this.name} is ready`, ready, { deadlineMs: READY_MS });
  }

  async kill(): Promise<void> {
    this.#wanted = false;
    await this.#app?.kill();
  }

  /** SIGTERM. @returns the exit code */
  async stop(): Promise<number | null> {
    this.#wanted = false;
    const app = this.#app;
    this.thaw();
    await app?.stop();
    const code = (await app?.ended) ?? null;
    this.#log?.end();
    return code;
  }

  freeze(): void {
    this.#app?.signal('SIGSTOP');
  }

  thaw(): void {
    if (this.#app?.running === true) this.#app.signal('SIGCONT');
  }

  /** the processes that it has started, and theirs */
  children(): number[] {
    return this.pid === undefined ? [] : descendants(this.pid);
  }

  async #ended(app: BuiltApp, code: number | null): Promise<void> {
    if (!this.#isWanted(app)) return;
    this.unplannedEnds.push(`${this.name} ended with ${code}: ${app.output.slice(-400)}`);
    await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
    if (this.#isWanted(app)) await this.start();
  }

  #isWanted(app: BuiltApp): boolean {
    return this.#wanted && this.#app === app;
  }
}
