import { PRIORITIES } from '@app/separations';
import { z } from 'zod';

/** Whose turn a job takes. */
export const turnSchema = z.object({
  /** takes turns with the others: a key, or a class of addresses */
  client: z.string().min(1),
  priority: z.enum(PRIORITIES),
  /** how many songs it gets for each song of a client with weight 1 */
  weight: z.number().min(1).max(10),
});

export type Turn = Readonly<z.infer<typeof turnSchema>>;

/** of jobs that earlier versions queued */
export const UNKNOWN_TURN: Turn = { client: 'unknown', priority: 'normal', weight: 1 };

/** virtual time between two songs of a client with weight 1 */
const SONG = 120;
/** songs that each client gets for each of its own with low priority */
const LOW = 8;
/** BullMQ's priorities, which are the virtual times of jobs, end at 2^21; its scores are exact below */
export const LAST_TURN = 2 ** 21 - 1;

/** What decides when a job's turn comes, in virtual time. Without a job, it is 0. */
export interface Turns {
  /** of the latest job that runs */
  readonly running: number;
  /** of the next job, and its owner's turn */
  readonly next?: { readonly at: number; readonly turn: Turn };
  /** of the client's last job that waits or runs */
  readonly last: number;
}

/** Two priorities of one client take turns as two clients do. */
export function nameOfTurns({ client, priority }: Turn): string {
  return priority === 'normal' ? client : `${client}:${priority}`;
}

/** Virtual time between two songs of a client. */
export function intervalOf({ priority, weight }: Turn): number {
  return Math.round((priority === 'low' ? SONG * LOW : SONG) / weight);
}

/**
 * When the turn of a new job comes, from 1 to LAST_TURN: jobs run in this order, equal ones first come, first served.
 * Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) in which each song costs the same. A client that has
 * nothing in the queue begins half an interval from now, as in Webster's method: before the next song of others with
 * its weight, and after new clients with a higher one.
 */
export function nextTurn(turn: Turn, turns: Turns): number {
  const interval = intervalOf(turn);
  const at = Math.max(virtualTime(turns) + interval / 2, turns.last === 0 ? 0 : turns.last + interval);
  return Math.min(LAST_TURN, Math.max(1, Math.round(at)));
}

/** Where the queue is. The job before the next one had its turn at most an interval earlier, even if it has ended. */
function virtualTime({ running, next }: Turns): number {
  return next === undefined ? running : Math.max(running, next.at - intervalOf(next.turn));
}
