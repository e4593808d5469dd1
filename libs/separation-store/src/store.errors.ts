import type { SeparationId } from '@app/separations';

/** Another process is committing, cancelling or removing this separation. Try again. */
export class SeparationBusyError extends Error {
  readonly code = 'separation_busy';

  constructor(id: SeparationId) {
    super(`another process is changing ${id}`);
  }
}

/** The separation ended while a worker was still at it: its result is not needed. */
export class SeparationEndedError extends Error {
  readonly code = 'separation_ended';

  constructor(
    readonly id: SeparationId,
    readonly state: 'removed' | 'completed' | 'cancelled' | 'failed',
  ) {
    super(`the separation is ${state}`);
  }
}
