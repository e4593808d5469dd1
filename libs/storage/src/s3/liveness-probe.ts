import { StorageUnavailableError } from '../storage.errors.js';

// together below 2 s, within which a caller must learn that the store is unreachable
const PROBE_EVERY_MS = 500;
const TIMEOUT_MS = 1000;

type OnLost = (error: StorageUnavailableError) => void;

/**
 * Fails waiting calls when the store stops answering. A long copy or a slow reader is fine, so a short time-out on
 * the call itself will not do: while calls wait, this pings the store.
 */
export class LivenessProbe {
  readonly #waiting = new Set<OnLost>();
  #timer: NodeJS.Timeout | undefined;

  /** @param ping resolves when the store sends any response */
  constructor(private readonly ping: (signal: AbortSignal) => Promise<void>) {}

  /** @returns stops watching; must be called */
  watch(onLost: OnLost): () => void {
    this.#waiting.add(onLost);
    this.#timer ??= this.#probeLater();
    return () => {
      this.#waiting.delete(onLost);
      if (this.#waiting.size === 0) this.#stop();
    };
  }

  #probeLater(): NodeJS.Timeout {
    return setTimeout(() => void this.#probe(), PROBE_EVERY_MS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #probe(): Promise<void> {
    const watching = [...this.#waiting];
    try {
      await this.ping(AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      const lost = new StorageUnavailableError('the store does not answer', { cause: error });
      for (const onLost of watching) if (this.#waiting.has(onLost)) onLost(lost);
    }
    this.#stop();
    if (this.#waiting.size > 0) this.#timer = this.#probeLater();
  }
}
