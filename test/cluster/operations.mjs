// what an operator does to a cluster while songs run, for `npm run test:operations`; each returns what it saw
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from '../../scripts/support/fail.mjs';
import { run } from '../../scripts/support/run.mjs';
import { until } from '../../scripts/support/until.mjs';
import { upload } from './song-check.mjs';
import { whoHas, workersReady } from './workers.mjs';

const GONE_MS = 180_000;
const DEPLOYMENTS = ['rest-server', 'worker-server', 'logs'];

export class Operations {
  #cluster;
  #release;
  #folder;

  constructor(cluster, release, folder) {
    this.#cluster = cluster;
    this.#release = release;
    this.#folder = folder;
  }

  /** Evicts the worker that has the song, as `kubectl drain` does. */
  async evict({ id }) {
    const pod = await whoHas(this.#cluster, id);
    const { namespace } = this.#cluster;
    const file = join(this.#folder, 'eviction.json');
    writeFileSync(
      file,
      JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } }),
    );
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
    await this.#cluster.kubectl('create', '--raw', path, '--filename', file);
    const evicted = Date.now();
    await whoHas(this.#cluster, id, new Set([pod]));
    return `another worker took over after ${seconds(evicted)} s`;
  }

  /** Replaces every pod of ours by one of another image. */
  async upgradeImages({ tag }) {
    const began = Date.now();
    await this.#release.install(`images.api.tag=${tag}`, `images.worker.tag=${tag}`);
    await this.#allRun(tag);
    return `all pods replaced after ${seconds(began)} s`;
  }

  /** Takes the images back to those of a revision. */
  async rollback({ revision, tag }) {
    const began = Date.now();
    await this.#release.rollback(revision);
    await this.#allRun(tag);
    return `all pods replaced after ${seconds(began)} s`;
  }

  /** Without workers, a song is taken and waits. */
  async workersToZero({ connect, song }) {
    const replicas = await this.#scale(['worker-server'], 0);
    const client = await connect();
    const { id } = await upload(client, song);
    const waiting = await client.status(id);
    if (waiting.status !== 'queued') throw new PlainError(`without workers, ${id} is ${waiting.status}`);
    await this.#scaleBack(replicas);
    return { saw: 'a song was taken meanwhile and waited', also: id };
  }

  /** The stores alone are left. */
  async allToZero() {
    const replicas = await this.#scale(DEPLOYMENTS, 0);
    await this.#scaleBack(replicas);
    return 'rest-server, workers and logs were gone together';
  }

  async deletePod(name) {
    const { metadata } = await this.#cluster.json('get', 'pod', name);
    const deleted = Date.now();
    await this.#cluster.kubectl('delete', 'pod', name);
    const isBack = async () => {
      const pod = await this.#cluster.json('get', 'pod', name).catch(() => undefined);
      return pod?.metadata.uid !== metadata.uid && pod?.status.containerStatuses?.[0]?.ready === true;
    };
    if (!(await until(isBack, { timeoutMs: GONE_MS }))) throw new PlainError(`${name} did not come back`);
    return `its successor was ready after ${seconds(deleted)} s`;
  }

  /** @param {{ stop: string, start: string }} commands */
  async restartCluster({ stop, start }) {
    const before = new Set((await this.#containers()).map(({ containerID }) => containerID));
    const stopped = Date.now();
    for (const command of [stop, start]) {
      const { code, output } = await run('sh', ['-c', command], { quiet: true });
      if (code !== 0) throw new PlainError(`${output}\n${command} failed: see above.`);
    }
    const started = Date.now();
    // until the node reports, the API shows the containers of before
    const allNew = async () => {
      const now = await this.#containers().catch(() => []);
      return now.length > 0 && now.every(({ ready, containerID }) => ready && !before.has(containerID));
    };
    if (!(await until(allNew, { timeoutMs: GONE_MS }))) {
      throw new PlainError(`not every container came back: ${JSON.stringify(await this.#containers())}`);
    }
    return `stopped for ${Math.round((started - stopped) / 1000)} s; all containers ran again after ${seconds(started)} s more`;
  }

  async #containers() {
    const { items } = await this.#cluster.json('get', 'pods');
    return items.flatMap(({ status }) => status.containerStatuses ?? []);
  }

  async reinstall() {
    const before = await this.#secrets();
    await this.#release.uninstall();
    await this.#gone(DEPLOYMENTS);
    await this.#release.install();
    if ((await this.#secrets()) !== before) throw new PlainError('a reinstall changed a Secret');
    return 'same Secrets, same disks';
  }

  async #secrets() {
    const names = ['separation-redis', 'separation-s3', 'separation-api-keys'];
    return JSON.stringify(await Promise.all(names.map((name) => this.#cluster.secret(name))));
  }

  /** @returns {Promise<[string, number][]>} how many replicas each had */
  async #scale(deployments, count) {
    const before = await Promise.all(
      deployments.map(async (name) => [name, (await this.#cluster.json('get', 'deployment', name)).spec.replicas]),
    );
    await this.#cluster.kubectl('scale', `--replicas=${count}`, ...deployments.map((name) => `deployment/${name}`));
    if (count === 0) await this.#gone(deployments);
    return before;
  }

  async #scaleBack(replicas) {
    for (const [name, count] of replicas) {
      await this.#cluster.kubectl('scale', `--replicas=${count}`, `deployment/${name}`);
    }
    await this.#rolledOut();
  }

  async #gone(deployments) {
    const none = async () => {
      const found = await Promise.all(
        deployments.map((name) => this.#cluster.json('get', 'pods', '--selector', `app.kubernetes.io/name=${name}`)),
      );
      return found.every(({ items }) => items.length === 0);
    };
    if (!(await until(none, { timeoutMs: GONE_MS }))) throw new PlainError(`${deployments.join(', ')}: pods are left`);
  }

  async #rolledOut() {
    for (const name of DEPLOYMENTS) {
      await this.#cluster.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=5m');
    }
  }

  async #allRun(tag) {
    const images = async () => {
      const { items } = await this.#cluster.json('get', 'pods');
      return items
        .filter(({ metadata }) => DEPLOYMENTS.includes(metadata.labels?.['app.kubernetes.io/name']))
        .map(({ spec }) => spec.containers[0].image);
    };
    const all = async () => (await images()).every((image) => image.endsWith(`:${tag}`));
    if (!(await until(all, { timeoutMs: GONE_MS }))) {
      throw new PlainError(`not every pod has the tag ${tag}: ${(await images()).join(', ')}`);
    }
    await workersReady(this.#cluster, 2);
  }
}

export async function untilBusy(client, id) {
  let separation;
  const busy = async () => {
    separation = await client.status(id).catch(() => separation);
    return separation?.progress.stage === 'separate' && separation.progress.percent > 0;
  };
  if (!(await until(busy, { timeoutMs: GONE_MS }))) {
    throw new PlainError(`${id} is not being separated: ${JSON.stringify(separation)}`);
  }
  return separation.progress.percent;
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}
