import { withTimeout } from '@app/concurrency';
import { publicText } from '@app/separations';

/** Resolves when the dependency answers, and rejects with the reason otherwise. */
export type Ping = (signal: AbortSignal) => Promise<unknown>;

/** A dependency works, but somebody should look at it. The server is ready. */
export class DegradedError extends Error {}

export type Check = { readonly status: 'up' } | { readonly status: 'degraded' | 'down'; readonly reason: string };

export interface Health {
  readonly status: 'ok' | 'error';
  readonly checks: Readonly<Record<string, Check>>;
}

/** shorter than the time-out of the usual probe */
const TIMEOUT_MS = 1200;

/** Pings everything the server depends on. Concurrent calls share one round of pings. */
export class Readiness {
  private asking: Promise<Health> | undefined;

  constructor(
    private readonly pings: Readonly<Record<string, Ping>>,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  check(): Promise<Health> {
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(): Promise<Health> {
    const asked = Object.entries(this.pings).map(
      async ([name, ping]) => [name, await checkOf(ping, this.timeoutMs)] as const,
    );
    const checks = await Promise.all(asked);
    const isReady = checks.every(([, { status }]) => status !== 'down');
    return { status: isReady ? 'ok' : 'error', checks: Object.fromEntries(checks) };
  }
}

async function checkOf(ping: Ping, timeoutMs: number): Promise<Check> {
  try {
    await withTimeout(timeoutMs, ping);
    return { status: 'up' };
  } catch (error) {
    const status = error instanceof DegradedError ? 'degraded' : 'down';
    return { status, reason: publicText(error instanceof Error ? error.message : String(error)) };
  }
}
