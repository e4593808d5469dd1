// a process that `npm start` runs, in a group of its own: Ctrl-C reaches the script alone, which ends the others in order
import { spawn } from 'node:child_process';
import { root } from '../support/paths.mjs';

const KEPT_LINES = 60;

export class Child {
  #ended;
  #lines = [];

  /** @param {{ env?: NodeJS.ProcessEnv, show?: 'nothing' | 'errors' | 'all' }} options show: what this terminal shows */
  constructor(name, command, args, { env = process.env, show = 'nothing' } = {}) {
    this.name = name;
    this.process = spawn(command, args, {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', show === 'all' ? 'inherit' : 'pipe', show === 'nothing' ? 'pipe' : 'inherit'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', (chunk) => this.#keep(chunk));
    this.#ended = new Promise((resolve) => {
      this.process.on('error', (error) => {
        this.#keep(error.message);
        resolve(1);
      });
      this.process.on('close', (code) => resolve(code ?? 1));
    });
  }

  /** Resolves with the exit code. */
  get ended() {
    return this.#ended;
  }

  /** the last lines it printed */
  get output() {
    return this.#lines.join('\n');
  }

  /** Sends SIGTERM to the child, and SIGKILL to its whole group after the grace time. */
  async stop(graceMs) {
    this.#signal(this.process.pid, 'SIGTERM');
    const late = setTimeout(() => this.kill(), graceMs);
    await this.#ended;
    clearTimeout(late);
    this.kill();
  }

  kill() {
    this.#signal(-this.process.pid, 'SIGKILL');
  }

  #signal(target, signal) {
    if (this.process.pid === undefined) return;
    try {
      process.kill(target, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  #keep(chunk) {
    this.#lines = [...this.#lines, ...String(chunk).trimEnd().split('\n')].slice(-KEPT_LINES);
  }
}
