import { StorageUnavailableError } from '../errors.js';

// together below the two seconds in which a caller must know that the store is away
const LOOK_EVERY_MS = 500;
const ANSWER_WITHIN_MS = 1000;

type OnLost = (error: StorageUnavailableError) => void;

/**
 * Tells calls that wait for the store when it is gone. A long copy or a slow reader is no reason to give up,
 * so no short time-out on the call itself can tell: while calls wait, the store is asked for a sign of life.
 */
export class StoreWatch {
  readonly #waiting = new Set<OnLost>();
  #timer: NodeJS.Timeout | undefined;

  /** @param knock resolves when the store answers anything */
  constructor(private readonly knock: (signal: AbortSignal) => Promise<void>) {}

  /** @returns ends the watching, must be called */
  watch(onLost: OnLost): () => void {
    this.#waiting.add(onLost);
    this.#timer ??= this.#lookLater();
    return () => {
      this.#waiting.delete(onLost);
      if (this.#waiting.size === 0) this.#stop();
    };
  }

  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), LOOK_EVERY_MS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const asked = [...this.#waiting];
    try {
      await this.knock(AbortSignal.timeout(ANSWER_WITHIN_MS));
    } catch (error) {
      const lost = new StorageUnavailableError('it does not answer', { cause: error });
      for (const onLost of asked) if (this.#waiting.has(onLost)) onLost(lost);
    }
    this.#stop();
    if (this.#waiting.size > 0) this.#timer = this.#lookLater();
  }
}
