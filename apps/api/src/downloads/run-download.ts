import { errorCode } from '@app/processes';
import { ObjectNotFoundError } from '@app/storage';
import type { Response } from 'express';
import { ClientGoneError, clientGone } from '../context/client-gone.js';
import { ProblemError } from '../problems/problem.error.js';

/** error codes of streams whose reader is gone */
const CUT_OFF = ['ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'];

/**
 * Runs one download. The signal aborts when the client disconnects, which is not an error.
 * @throws ProblemError separation_not_found when its files were removed meanwhile
 */
export async function runDownload(response: Response, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const gone = clientGone(response);
  try {
    await work(gone);
  } catch (error) {
    if (gone.aborted && isDisconnect(error)) return;
    if (!(error instanceof ObjectNotFoundError)) throw error;
    throw new ProblemError('separation_not_found', 'The separation was removed.', { cause: error });
  }
}

function isDisconnect(error: unknown): boolean {
  return error instanceof ClientGoneError || CUT_OFF.includes(errorCode(error) ?? '');
}
