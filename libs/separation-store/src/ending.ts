import type { Failure, Manifest, SeparationId, StoredRequest } from '@app/separations';

/** A stored document that cannot be read, and when it was written. */
export interface Damage {
  readonly document: 'request' | 'manifest';
  readonly at: string;
}

/** What the store holds of a separation. */
export interface StoredSeparation {
  /** stands in for one that cannot be read */
  readonly request: StoredRequest;
  /** there once the separation is completed */
  readonly manifest?: Manifest;
  /** there when one of the two cannot be read: the separation failed, and may be removed or accepted again */
  readonly damage?: Damage;
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
export function endingOf({ request: { outcome }, manifest, damage }: StoredSeparation): Ending | undefined {
  if (damage !== undefined) return { status: 'failed', at: damage.at, failure: damaged(damage) };
  switch (outcome.state) {
    case 'cancelled':
      return { status: 'cancelled', at: outcome.at };
    case 'failed':
      return { status: 'failed', at: outcome.at, failure: outcome.failure };
    case 'accepted':
      return manifest === undefined ? undefined : { status: 'completed', at: manifest.finishedAt, manifest };
  }
}

/** Whether a job of it has work to do. A run that died while it wrote the manifest has. */
export function needsRun(stored: StoredSeparation): boolean {
  return endingOf(stored) === undefined || stored.damage?.document === 'manifest';
}

/** Whether an equal upload need not be separated again. */
export function isAccepted(stored: StoredSeparation): boolean {
  const ending = endingOf(stored);
  return ending === undefined || ending.status === 'completed';
}

/** What is known of a separation whose request cannot be read. */
export function unreadableRequest(id: SeparationId, owner: string | null, createdAt: string): StoredRequest {
  return {
    id,
    owner,
    createdAt,
    requestId: 'unknown',
    fileName: 'unknown',
    inputExtension: 'unknown',
    inputBytes: 0,
    inputSha256: '0'.repeat(64),
    durationSeconds: 0,
    model: 'unknown',
    weights: 'unknown',
    stems: [],
    overlap: 0,
    shifts: 0,
    formats: [],
    outcome: { state: 'accepted' },
  };
}

function damaged({ document }: Damage): Failure {
  return {
    code: 'record_damaged',
    message: `The stored ${document} of this separation cannot be read. Send the song again, or delete the separation.`,
  };
}
