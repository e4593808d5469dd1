import { signal } from '@preact/signals';

/** a busy page sees what came meanwhile late: longer steps say nothing of the line */
const MAX_STEP_MS = 250;
const TICK_MS = 100;

/** what a measurement takes at least: time on a slow line, bytes on a fast one */
const MIN_BUSY_MS = 300;
const MIN_BYTES = 128 * 1024;

/** what came earlier counts half */
const HALF_LIFE_MS = 2000;
const HALF_LIFE_BYTES = 1024 * 1024;

/** How fast audio comes from the server. */
export class Line {
  /** bytes per second while something was on its way; undefined until it is measured */
  readonly speed = signal<number | undefined>(undefined);
  private bytes = 0;
  private busyMs = 0;
  private open = 0;
  private last = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Reads the body of a response and measures it. The time until its headers is the server's, and does not count. */
  async read(response: Response): Promise<Uint8Array<ArrayBuffer>> {
    this.begin();
    try {
      const chunks: Uint8Array[] = [];
      for (const reader = response.body?.getReader(); reader !== undefined;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.count(value.length);
        chunks.push(value);
      }
      return joined(chunks);
    } finally {
      this.end();
    }
  }

  private begin(): void {
    this.advance();
    this.open += 1;
    this.timer ??= setInterval(() => {
      this.advance();
      this.publish();
    }, TICK_MS);
  }

  private count(bytes: number): void {
    this.advance();
    this.bytes += bytes;
    this.publish();
  }

  private end(): void {
    this.advance();
    this.open -= 1;
    if (this.open > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private advance(): void {
    const now = this.now();
    if (this.open > 0) this.busyMs += Math.min(now - this.last, MAX_STEP_MS);
    this.last = now;
  }

  private publish(): void {
    if (this.busyMs >= MIN_BUSY_MS || this.bytes >= MIN_BYTES) {
      this.speed.value = (1000 * this.bytes) / Math.max(1, this.busyMs);
    }
    if (this.busyMs < HALF_LIFE_MS && this.bytes < HALF_LIFE_BYTES) return;
    this.bytes /= 2;
    this.busyMs /= 2;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
