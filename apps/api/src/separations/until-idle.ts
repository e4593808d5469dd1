import { setTimeout as pause } from 'node:timers/promises';
import type { SeparationQueue } from '@app/queue';
import type { SeparationId } from '@app/separations';
import { fromQueue } from '../problems/outages.js';

const ASK_EVERY_MS = 100;

/** a worker lets go of a cancelled job within 2 s */
const LONGEST_MS = 3000;

/**
 * Waits until no worker has the separation; false if one still has it after 3 s. A worker that lost Redis has it no
 * longer: nobody would ever take its job off the list, and it cannot commit what was cancelled.
 */
export async function untilIdle(queue: SeparationQueue, id: SeparationId): Promise<boolean> {
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const job = await fromQueue(() => queue.state(id));
    if (job?.status !== 'processing' || !(await fromQueue(() => queue.isHeld(id)))) return true;
    if (performance.now() >= deadline) return false;
    await pause(ASK_EVERY_MS);
  }
}
