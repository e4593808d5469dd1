import type { NextFunction, Request, Response } from 'express';

/** how long a client may keep sending after its response, ms */
const DRAIN_MS = 10_000;

/**
 * Reads on after an upload was refused. Most clients look for the response only after sending: closing at once would
 * make them report a broken pipe, and reading without end would let them send for nothing.
 */
export function drainUpload(request: Request, response: Response, next: NextFunction): void {
  response.once('finish', () => {
    if (request.complete || request.destroyed) return;
    request.resume();
    const close = setTimeout(() => request.socket.destroy(), DRAIN_MS).unref();
    request.once('close', () => {
      clearTimeout(close);
    });
  });
  next();
}
