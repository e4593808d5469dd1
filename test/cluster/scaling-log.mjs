// how many pods a Deployment has had, and when
const EVERY_MS = 500;

/** Looks at a Deployment until `close`. */
export class ScalingLog {
  #running = true;
  #changes = [];
  #loop;

  constructor(cluster, deployment) {
    this.#loop = this.#watch(cluster, deployment);
  }

  /** @returns {number | undefined} pods now, or undefined before the first look */
  now() {
    return this.#changes.at(-1)?.wanted;
  }

  most() {
    return Math.max(0, ...this.#changes.map(({ ready }) => ready));
  }

  /** @returns {string} each change as "ready of wanted", with seconds since `time` */
  since(time) {
    return this.#changes
      .filter(({ at }) => at >= time)
      .map(({ at, wanted, ready }) => `${ready} of ${wanted} (${Math.round((at - time) / 1000)} s)`)
      .join(', ');
  }

  async close() {
    this.#running = false;
    await this.#loop;
  }

  async #watch(cluster, deployment) {
    while (this.#running) {
      const found = await cluster.json('get', 'deployment', deployment).catch(() => undefined);
      const [wanted, ready] = [found?.spec.replicas, found?.status.readyReplicas ?? 0];
      const last = this.#changes.at(-1);
      if (found !== undefined && (last?.wanted !== wanted || last.ready !== ready)) {
        this.#changes.push({ at: Date.now(), wanted, ready });
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}
