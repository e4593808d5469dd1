import { ConnectionError } from '../errors.js';

/** a connection that takes nothing for this long is broken */
const SILENCE_MS = 60_000;

/** Ends an upload on a connection that is open and takes nothing. Call `end` at the end. */
export class Silence {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout>;
  /** aborted with a ConnectionError after a minute of silence, and with the caller's signal */
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal | undefined) {
    this.signal = AbortSignal.any([this.controller.signal, ...(signal === undefined ? [] : [signal])]);
    this.timer = this.begin();
  }

  /** Something was taken. */
  break(): void {
    clearTimeout(this.timer);
    this.timer = this.begin();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private begin(): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.controller.abort(new ConnectionError('The upload went silent.'));
    }, SILENCE_MS);
  }
}
