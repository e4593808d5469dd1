import type { RequestHandler } from 'express';

/** Drops a client that takes nothing of its answer for so long: it holds a file or a connection to the store for nothing. */
export function dropStalled(stallSeconds: number): RequestHandler {
  return (_request, response, next) => {
    // an answer that is still being made waits for us, not for the client; its first byte starts the clock anew
    response.setTimeout(stallSeconds * 1000, () => {
      if (response.writableNeedDrain) response.destroy();
    });
    next();
  };
}
