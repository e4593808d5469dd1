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
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new ClientGoneError());
  });
  return gone.signal;
}
