import type { Caller } from '../caller.js';
import { isRetryable } from '../errors.js';
import { pause } from '../pause.js';
import { paths } from '../paths.js';
import type { Preview, Separation } from '../types.js';
import { serverEvents } from './server-events.js';

const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8000;
/** long enough for a restart of the service */
const MAX_RETRY_MS = 60_000;

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** how long to reconnect without success, in milliseconds; default: a minute */
  readonly maxRetryMs?: number;
  /** whether to reconnect after this error; default: `isRetryable` */
  readonly shouldRetry?: (error: unknown) => boolean;
  /** called when the stream broke, before it is opened again */
  readonly onAway?: (error: unknown) => void;
}

/**
 * Yields the states of a separation, at once and after each change, and ends after the last one. Reconnects.
 * @throws ApiError, ConnectionError, the signal's reason after an abort
 */
export async function* follow(caller: Caller, id: string, options: FollowOptions): AsyncGenerator<Separation> {
  for await (const { separation } of reconnecting(caller, paths.events(id), options)) {
    if (separation !== undefined) yield separation;
  }
}

/**
 * Asks the worker for a preview while it is read, and yields what can be heard: all blocks at once, then new ones. Starts
 * over after it reconnects, and ends with the separation.
 * @throws as `follow`
 */
export async function* followPreview(caller: Caller, id: string, options: FollowOptions): AsyncGenerator<Preview> {
  for await (const { preview } of reconnecting(caller, `${paths.events(id)}?preview=true`, options)) {
    if (preview !== undefined) yield preview;
  }
}

interface Change {
  readonly separation?: Separation;
  readonly preview?: Preview;
}

async function* reconnecting(
  caller: Caller,
  path: string,
  { signal, maxRetryMs = MAX_RETRY_MS, shouldRetry = isRetryable, onAway }: FollowOptions,
): AsyncGenerator<Change> {
  let backoffMs = MIN_BACKOFF_MS;
  let lastSeen = Date.now();
  for (;;) {
    try {
      for await (const { event, data } of serverEvents(caller, path, signal)) {
        lastSeen = Date.now();
        backoffMs = MIN_BACKOFF_MS;
        const separation = event === 'state' ? (JSON.parse(data) as Separation) : undefined;
        if (separation !== undefined) yield { separation };
        if (event === 'preview') yield { preview: JSON.parse(data) as Preview };
        if (separation !== undefined && hasEnded(separation)) return;
      }
      // the server ends the stream on its shutdown too
    } catch (error) {
      signal?.throwIfAborted();
      if (!shouldRetry(error) || Date.now() - lastSeen > maxRetryMs) throw error;
      onAway?.(error);
    }
    await pause(backoffMs, signal);
    backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
  }
}

/** Whether a separation is completed, failed or cancelled. */
export function hasEnded({ status }: Separation): boolean {
  return status !== 'queued' && status !== 'processing';
}
