import type { Response } from 'express';

/** The client closed the connection before it had its answer. */
export class ClientGoneError extends Error {
  constructor() {
    super('the client has gone');
  }
}

/** Aborts when the client goes before the answer is written. */
export function clientGone(response: Response): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => {
    if (!response.writableFinished) gone.abort(new ClientGoneError());
  };
  // it may have gone while the call was being checked
  if (response.destroyed) leave();
  else response.once('close', leave);
  return gone.signal;
}
