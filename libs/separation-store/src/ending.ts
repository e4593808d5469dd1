import type { Failure, Manifest, StoredRequest } from '@app/separations';

/** What the store holds of a separation. */
export interface StoredSeparation {
  readonly request: StoredRequest;
  /** there once the separation is completed */
  readonly manifest?: Manifest;
}

/** How a separation ended. */
export type Ending =
  | { readonly status: 'completed'; readonly at: string; readonly manifest: Manifest }
  | { readonly status: 'failed'; readonly at: string; readonly failure: Failure }
  | { readonly status: 'cancelled'; readonly at: string };

/** An ending that this process has just written. */
export interface Ended {
  readonly request: StoredRequest;
  readonly ending: Ending;
}

/**
 * The one definition of "ended": a manifest means completed, an outcome in the request means failed or cancelled.
 * undefined while the separation is open.
 */
export function endingOf({ request: { outcome }, manifest }: StoredSeparation): Ending | undefined {
  switch (outcome.state) {
    case 'cancelled':
      return { status: 'cancelled', at: outcome.at };
    case 'failed':
      return { status: 'failed', at: outcome.at, failure: outcome.failure };
    case 'accepted':
      return manifest === undefined ? undefined : { status: 'completed', at: manifest.finishedAt, manifest };
  }
}

/** Whether an equal upload need not be separated again. */
export function isAccepted(stored: StoredSeparation): boolean {
  const ending = endingOf(stored);
  return ending === undefined || ending.status === 'completed';
}
