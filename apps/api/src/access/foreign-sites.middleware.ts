import { isIP } from 'node:net';
import type { HttpConfig } from '@app/config';
import type { NextFunction, Request, Response } from 'express';
import { ProblemError } from '../problems/problem.error.js';
import { sendProblem } from '../problems/problem.filter.js';
import { requestIdOf } from '../context/api-request.js';
import { isLoopback } from './loopback.js';

const READING = ['GET', 'HEAD', 'OPTIONS'];

type Handler = (request: Request, response: Response, next: NextFunction) => void;

/**
 * Keeps web sites out that somebody on this machine happens to visit: a browser lets their pages send forms here, and
 * takes them for ours where they have bent a name of their own to this machine (DNS rebinding).
 */
export function keepForeignSitesOut(http: HttpConfig): Handler {
  // a key, or a proxy that knows its names, keeps them out as well
  const byOwnNameOnly = isLoopback(http.host) && http.apiKeysFile === undefined && http.trustedProxies === 0;
  return (request, response, next) => {
    const reason = isForeign(request, http.corsOrigins)
      ? 'Pages of other sites may change nothing here; CORS_ORIGINS names those that may.'
      : byOwnNameOnly && !isOwnName(request.hostname)
        ? 'Call this server as localhost or by its address; behind a proxy set TRUSTED_PROXIES.'
        : undefined;
    if (reason === undefined) next();
    else sendProblem(response, new ProblemError('forbidden', reason), requestIdOf(request));
  };
}

/** browsers say of each call where it comes from, and no page can change what they say */
function isForeign({ method, headers }: Request, allowed: readonly string[]): boolean {
  if (READING.includes(method) || headers['sec-fetch-site'] !== 'cross-site') return false;
  return headers.origin === undefined || !allowed.includes(headers.origin);
}

function isOwnName(name: string): boolean {
  return /^(.+\.)?localhost$/i.test(name) || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
