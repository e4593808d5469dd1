import type { Response } from 'express';

/** The client disconnected before its response was complete. */
export class ClientGoneError extends Error {
  constructor() {
    super('the client is gone');
  }
}

/** Returns a signal that aborts when the client disconnects before its response is complete. */
export function clientGone(response: Response): AbortSignal {
  const gone = new AbortController();
  const abort = (): void => {
    if (!response.writableFinished) gone.abort(new ClientGoneError());
  };
  // it may have disconnected while the request was being checked
  if (response.destroyed) abort();
  else response.once('close', abort);
  return gone.signal;
}
