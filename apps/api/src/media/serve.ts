import { errorCode } from '@app/processes';
import { ObjectNotFoundError } from '@app/storage';
import type { Response } from 'express';
import { ProblemError } from '../problems/problem.error.js';
import { ClientGoneError, clientGone } from '../uploads/client-gone.js';

/** what streams say of themselves when their reader has gone */
const CUT_OFF = ['ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'];

/**
 * Runs the work for one download with a signal that aborts when the client goes, which is no error then.
 * @throws ProblemError separation_not_found where it was removed in the meantime
 */
export async function serve(response: Response, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const gone = clientGone(response);
  try {
    await work(gone);
  } catch (error) {
    if (gone.aborted && isAboutTheClient(error)) return;
    if (!(error instanceof ObjectNotFoundError)) throw error;
    throw new ProblemError('separation_not_found', 'The separation was removed.', { cause: error });
  }
}

function isAboutTheClient(error: unknown): boolean {
  return error instanceof ClientGoneError || CUT_OFF.includes(errorCode(error) ?? '');
}
