/** Where a separation stands; the last three never change again. */
export const STATUSES = ['queued', 'processing', 'completed', 'failed', 'cancelled'] as const;

export type SeparationStatus = (typeof STATUSES)[number];

export function isTerminal(status: SeparationStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** What a worker does, in this order. */
export const STAGES = ['fetch', 'decode', 'separate', 'encode', 'store'] as const;

export type Stage = (typeof STAGES)[number];

/** The stages as progress reports them. */
export const PROGRESS_STAGES = ['queued', ...STAGES, 'done'] as const;
