// the Helm release of `npm run test:cluster`: installs, upgrades, breaks and removes it
import { PlainError } from '../../scripts/support/fail.mjs';
import { run } from '../../scripts/support/run.mjs';
import { until } from '../../scripts/support/until.mjs';

export const NAME = 'songs';

/** settings of a release that fits on a test machine */
export const SMALL = [
  'models.default=demo',
  'models.source=baked',
  'workers.cpu.resources.requests.memory=256Mi',
  'workers.cpu.shutdownGraceSeconds=5',
  'restServer.resources.requests.cpu=50m',
];
const SECRETS = [['separation-redis'], ['separation-s3'], ['separation-s3', 'minio-ns'], ['separation-api-keys']];
const SAYS_MISSING = /[^\n.:\\]*htdemucs[^\n.:\\]*(not installed|missing|not there)[^\n\\]*/i;

/** contradicting values, and the message that must refuse them */
const REFUSED = [
  [['workers.gpu.enabled=true'], 'its GPU class must be named'],
  [['minio.enabled=false'], 'externalS3.endpoint must name the S3 to use'],
  [['externalS3.endpoint=https://s3.example.org'], 'Both the bundled MinIO and an external S3 are set'],
];
const REFUSED_WITHOUT_KEDA = [['workers.cpu.autoscaling.mode=keda'], 'the cluster has no KEDA'];

export class Release {
  #cluster;
  #chart;
  #settings;
  #file;

  /**
   * @param {string[]} settings `helm --set` assignments of every install
   * @param {string} [file] values of every install
   */
  constructor(cluster, chart, settings, file) {
    this.#cluster = cluster;
    this.#chart = chart;
    this.#settings = settings;
    this.#file = file;
  }

  install(...more) {
    const args = ['--install', '--create-namespace', '--wait', '--timeout', '8m'];
    return this.#cluster.helm('upgrade', NAME, this.#chart, ...args, ...this.#set(more));
  }

  /** @returns {Promise<string[]>} the output of the pods of `helm test` */
  async test() {
    const output = await this.#cluster.helm('test', NAME, '--logs', '--timeout', '5m');
    const [, ...logs] = output.split(/^POD LOGS: .*$/m);
    return logs.flatMap((log) => log.split('\n')).filter((line) => line.trim() !== '');
  }

  rollback(revision) {
    return this.#cluster.helm('rollback', NAME, String(revision), '--wait', '--timeout', '8m');
  }

  uninstall() {
    return this.#cluster.helm('uninstall', NAME, '--wait');
  }

  /** @returns {Promise<string>} all generated Secrets, for comparison */
  async secrets() {
    return JSON.stringify(await Promise.all(SECRETS.map((secret) => this.#cluster.secret(...secret))));
  }

  /** @returns {Promise<number>} how many contradictions were refused with the right message */
  async refusals() {
    const hasKeda = (await this.#cluster.kubectl('api-versions')).includes('keda.sh/');
    const cases = hasKeda ? REFUSED : [...REFUSED, REFUSED_WITHOUT_KEDA];
    for (const [set, message] of cases) {
      const args = ['-n', this.#cluster.namespace, 'upgrade', NAME, this.#chart, ...this.#set(set)];
      const { code, output } = await run('helm', args, { quiet: true });
      if (code === 0 || !output.includes(message)) {
        throw new PlainError(`${output}\n--set ${set.join(' ')} was not refused with "${message}".`);
      }
    }
    return cases.length;
  }

  /** Asks for a model no worker has. @returns {Promise<string>} the reason in the new worker's log */
  async missingModel(workers) {
    await this.#cluster.helm('upgrade', NAME, this.#chart, ...this.#set(['models.default=htdemucs']));
    let log = '';
    const says = async () => {
      const newest = (await this.#cluster.pods(workers)).find(({ spec }) =>
        JSON.stringify(spec.containers[0].env).includes('"htdemucs"'),
      );
      log = newest === undefined ? '' : await this.#cluster.kubectl('logs', newest.metadata.name).catch(() => '');
      const state = newest?.status.containerStatuses?.[0];
      return state?.started === true && !state.ready && state.restartCount === 0 && SAYS_MISSING.test(log);
    };
    if (!(await until(says, { timeoutMs: 120_000 }))) {
      throw new PlainError(`${log}\nThe log of a worker without its model does not name the reason: see above.`);
    }
    await this.#cluster.helm('rollback', NAME, '--wait', '--timeout', '8m');
    return SAYS_MISSING.exec(log)[0].trim();
  }

  async remove() {
    await run('helm', ['-n', this.#cluster.namespace, 'uninstall', NAME, '--wait'], { quiet: true });
    const namespaces = [this.#cluster.namespace, 'minio-ns'];
    await run('kubectl', ['delete', 'namespace', ...namespaces, '--ignore-not-found', '--timeout=120s'], {
      quiet: true,
    });
  }

  #set(more) {
    const file = this.#file === undefined ? [] : ['--values', this.#file];
    return [...file, ...this.#assignments(more)];
  }

  #assignments(more) {
    return [...this.#settings, ...more].flatMap((setting) => ['--set', setting]);
  }
}
