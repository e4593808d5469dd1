import type { NextFunction, Request, Response } from 'express';

/** how long a client may go on sending after it was answered, ms */
const LINGER_MS = 10_000;

/**
 * A refusal is often sent while the client still uploads. Cutting the connection at once would make most clients
 * report a broken pipe and not the answer; reading on for ever would let them send for nothing.
 */
export function linger(request: Request, response: Response, next: NextFunction): void {
  response.once('finish', () => {
    if (request.complete || request.destroyed) return;
    request.resume();
    const cut = setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
    request.once('close', () => {
      clearTimeout(cut);
    });
  });
  next();
}
