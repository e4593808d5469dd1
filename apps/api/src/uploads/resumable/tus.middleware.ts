import type { NextFunction, Request, Response } from 'express';
import { TUS_VERSION } from './tus-headers.js';

export const TUS_EXTENSIONS = 'creation,expiration,termination';

/** what a client that cannot send these methods may ask for in a header */
const OVERRIDES = ['PATCH', 'DELETE'];

/** Tells in every answer, refusals included, which tus protocol is spoken here. Takes methods from X-HTTP-Method-Override. */
export function speakTus(maxBytes: number): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    response.set('Tus-Resumable', TUS_VERSION);
    if (request.method === 'OPTIONS') {
      response.set({ 'Tus-Version': TUS_VERSION, 'Tus-Extension': TUS_EXTENSIONS, 'Tus-Max-Size': String(maxBytes) });
    }
    const wanted = request.headers['x-http-method-override'];
    if (request.method === 'POST' && typeof wanted === 'string' && OVERRIDES.includes(wanted)) request.method = wanted;
    next();
  };
}
