// the processes of `npm start`: Redis, rest-server, worker-server, logs, and the watch of a folder
import { join } from 'node:path';
import { Child } from './child.mjs';
import { PlainError } from '../support/fail.mjs';
import { privateFolder } from './private-folder.mjs';
import { dataDir, nodeArguments, root } from '../support/paths.mjs';
import { startRedis } from './redis.mjs';
import { until } from '../support/until.mjs';

const READY_MS = 180_000;
const STOP_MS = 15_000;
const WATCH = 'watch';
const SERVERS = { 'rest-server': 'api', 'worker-server': 'worker' };

export class LocalService {
  #children = [];
  #stopping;

  /**
   * @param {{ host: string, port: number, workerPort: number, watch?: boolean, env?: NodeJS.ProcessEnv }} options
   * watch: run from the sources and restart after a save
   */
  constructor({ host, port, workerPort, watch = false, env = process.env }) {
    this.watch = watch;
    this.ports = { 'rest-server': port, 'worker-server': workerPort };
    // ask a server that listens everywhere on loopback
    this.localHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    this.env = { ...env, HOST: host, PORT: String(port), WORKER_PORT: String(workerPort) };
    // a save must not wait for a song: the worker hands it back to the queue
    if (watch) this.env.SHUTDOWN_GRACE_SECONDS ||= '0';
  }

  get url() {
    return `http://${this.localHost}:${this.ports['rest-server']}`;
  }

  get stopped() {
    return this.#stopping !== undefined;
  }

  pid(name) {
    return this.#children.find((child) => child.name === name).process.pid;
  }

  /**
   * Resolves when both servers are ready, or after stop was called.
   * @param {{ showLogs: boolean }} options showLogs: print the log of all services to this terminal
   */
  async start({ showLogs }) {
    privateFolder(this.env.DATA_DIR || dataDir);
    if (!this.env.REDIS_URL) {
      const redis = await startRedis(this.env.DATA_DIR);
      this.#children.push(redis.child);
      this.env.REDIS_URL = redis.url;
    }
    if (showLogs) this.#run('logs', 'logs', 'all');
    // the logs already show what a server prints, unless it cannot start
    for (const [name, app] of Object.entries(SERVERS)) this.#run(name, app, this.watch ? 'errors' : 'nothing');
    let refusal;
    const settled = async () => {
      refusal = await this.#engineRefusal();
      return refusal !== undefined || ((await this.#isReady('rest-server')) && (await this.#isReady('worker-server')));
    };
    const isSettled = await until(settled, { timeoutMs: READY_MS, unless: this.#firstEnd() });
    if (refusal !== undefined) throw new PlainError(`The engine cannot start: ${refusal}`);
    if (isSettled && !this.stopped && this.env.WATCH_DIR) this.#watchFolder();
    if (isSettled || this.stopped) return;
    throw new PlainError(`${this.#outputs()}\nThe service did not become ready: see above.`);
  }

  /** Resolves after stop; throws when a process ends by itself. */
  async ended() {
    const child = await this.#firstEnd();
    if (!this.stopped) throw new PlainError(`${child.output}\n${child.name} ended unexpectedly: see above.`);
    await this.#stopping;
  }

  /** Stops the servers first and the queue last, each within a time limit. */
  stop() {
    this.#stopping ??= (async () => {
      await this.#children.find((child) => child.name === WATCH)?.stop(STOP_MS);
      const servers = this.#children.filter((child) => child.name in SERVERS);
      await Promise.all(servers.map((child) => child.stop(STOP_MS)));
      const rest = this.#children.filter((child) => !(child.name in SERVERS) && child.name !== WATCH);
      for (const child of rest.reverse()) await child.stop(STOP_MS);
    })();
    return this.#stopping;
  }

  kill() {
    this.#children.forEach((child) => child.kill());
  }

  /** Separates what appears in WATCH_DIR: the watch mode of the command line. */
  #watchFolder() {
    const { WATCH_DIR, LIBRARY_DIR } = this.env;
    const args = [join(root, 'dist', 'client', 'cli', 'main.js'), WATCH_DIR, '--watch', '--out', LIBRARY_DIR];
    const env = { ...this.env, SEPARATION_SERVER: this.url };
    this.#children.push(new Child(WATCH, process.execPath, args, { env, show: 'errors' }));
  }

  #run(name, app, show) {
    const args = this.watch ? [join(root, 'scripts', 'watch-app.mjs'), app] : nodeArguments(app);
    this.#children.push(new Child(name, process.execPath, args, { env: this.env, show }));
  }

  #firstEnd() {
    return Promise.race(this.#children.map(async (child) => (await child.ended, child)));
  }

  #outputs() {
    return this.#children.map((child) => child.output).join('\n');
  }

  async #isReady(name) {
    return (await this.#health(name))?.ok === true;
  }

  /** Why the engine will not start, however long one waits; undefined if it may. */
  async #engineRefusal() {
    const { status, reason } = (await this.#health('worker-server'))?.checks?.engine ?? {};
    // the reason begins with a code
    return status === 'down' && !['starting', 'stopped'].includes(reason)
      ? reason.replace(/^[a-z_]+: /, '')
      : undefined;
  }

  async #health(name) {
    try {
      const url = `http://${this.localHost}:${this.ports[name]}/health/ready`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
      return { ok: answer.ok, checks: (await answer.json()).checks };
    } catch {
      return undefined;
    }
  }
}
