// the processes that `npm start` runs: each in a group of its own, so that a Ctrl-C reaches this script alone
import { spawn } from 'node:child_process';
import { root } from '../support/paths.mjs';

const KEPT_LINES = 60;

export class Child {
  #ended;
  #lines = [];

  /** @param {{ env?: NodeJS.ProcessEnv, show?: boolean }} options show: its output goes to this terminal */
  constructor(name, command, args, { env = process.env, show = false } = {}) {
    this.name = name;
    this.process = spawn(command, args, {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
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

  /** resolves with the exit code */
  get ended() {
    return this.#ended;
  }

  /** the last lines that it printed */
  get output() {
    return this.#lines.join('\n');
  }

  /** SIGTERM to the child; SIGKILL to its whole group when that takes too long. */
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
