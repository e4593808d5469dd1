// how long a service does not answer while something happens to it
const EVERY_MS = 250;
const CALL_MS = 5000;

/** Calls the API until `stop`, and remembers the longest time without a good answer. */
export class Availability {
  #running = true;
  #longestMs = 0;
  #loop;

  /** @param {() => Promise<import('../../libs/client/src/index.js').SeparationClient>} connect an address may change */
  constructor(connect) {
    this.#loop = this.#watch(connect);
  }

  /** @returns {Promise<number>} the longest time without an answer, in seconds */
  async stop() {
    this.#running = false;
    await this.#loop;
    return this.#longestMs / 1000;
  }

  async #watch(connect) {
    let good = Date.now();
    let client;
    while (this.#running) {
      const answered = await this.#answers((client ??= connect()));
      const now = Date.now();
      this.#longestMs = Math.max(this.#longestMs, now - good);
      if (answered) good = now;
      // the address may have changed
      else client = undefined;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** @param {Promise<import('../../libs/client/src/index.js').SeparationClient>} client */
  async #answers(client) {
    try {
      await (await client).list({ limit: 1, signal: AbortSignal.timeout(CALL_MS) });
      return true;
    } catch {
      return false;
    }
  }
}
