// the processes of the local default: Redis, rest-server, worker-server and logs
import { Child } from './child.mjs';
import { PlainError } from '../support/fail.mjs';
import { nodeArguments } from '../support/paths.mjs';
import { startRedis } from './redis.mjs';
import { until } from '../support/until.mjs';

const READY_MS = 180_000;
const STOP_MS = 15_000;
const SERVERS = { 'rest-server': 'api', 'worker-server': 'worker' };

export class LocalService {
  #children = [];
  #stopping;

  /** @param {{ host: string, port: number, workerPort: number, env?: NodeJS.ProcessEnv }} options */
  constructor({ host, port, workerPort, env = process.env }) {
    this.ports = { 'rest-server': port, 'worker-server': workerPort };
    // a server that listens everywhere is asked on loopback
    this.localHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    this.env = { ...env, HOST: host, PORT: String(port), WORKER_PORT: String(workerPort) };
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
   * Resolves when both servers say that they are ready, or when stop was called.
   * @param {{ showLogs: boolean }} options showLogs: the entries of all services go to this terminal
   */
  async start({ showLogs }) {
    if (!this.env.REDIS_URL) {
      const redis = await startRedis(this.env.DATA_DIR);
      this.#children.push(redis.child);
      this.env.REDIS_URL = redis.url;
    }
    if (showLogs) this.#run('logs', 'logs', { show: true });
    for (const [name, app] of Object.entries(SERVERS)) this.#run(name, app, { show: false });
    const ready = async () => (await this.#isReady('rest-server')) && (await this.#isReady('worker-server'));
    if ((await until(ready, { timeoutMs: READY_MS, unless: this.#firstEnd() })) || this.stopped) return;
    throw new PlainError(`${this.#outputs()}\nThe service did not become ready: see above.`);
  }

  /** Resolves after stop; a process that ends by itself is an error. */
  async ended() {
    const child = await this.#firstEnd();
    if (!this.stopped) throw new PlainError(`${child.output}\n${child.name} ended by itself: see above.`);
    await this.#stopping;
  }

  /** The servers first, the queue last; bounded. */
  stop() {
    this.#stopping ??= (async () => {
      const servers = this.#children.filter((child) => child.name in SERVERS);
      await Promise.all(servers.map((child) => child.stop(STOP_MS)));
      const rest = this.#children.filter((child) => !(child.name in SERVERS));
      for (const child of rest.reverse()) await child.stop(STOP_MS);
    })();
    return this.#stopping;
  }

  kill() {
    this.#children.forEach((child) => child.kill());
  }

  #run(name, app, options) {
    this.#children.push(new Child(name, process.execPath, nodeArguments(app), { env: this.env, ...options }));
  }

  #firstEnd() {
    return Promise.race(this.#children.map(async (child) => (await child.ended, child)));
  }

  #outputs() {
    return this.#children.map((child) => child.output).join('\n');
  }

  async #isReady(name) {
    try {
      const url = `http://${this.localHost}:${this.ports[name]}/health/ready`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
