import { isIP } from 'node:net';
import type { HttpConfig } from '@app/config';
import type { NextFunction, Request, Response } from 'express';
import { requestIdOf } from '../context/api-request.js';
import { ProblemError } from '../problems/problem.error.js';
import { sendProblem } from '../problems/problem.filter.js';
import { isLoopback } from './loopback.js';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

type Handler = (request: Request, response: Response, next: NextFunction) => void;

/**
 * Protects against the web sites that a user visits: against their forms (CSRF), and on loopback against their host
 * names that resolve to this machine (DNS rebinding).
 */
export function refuseCrossSite(http: HttpConfig): Handler {
  // an API key, or a proxy that knows its host names, stops DNS rebinding as well
  const checksHost = isLoopback(http.host) && http.apiKeysFile === undefined && http.trustedProxies === 0;
  return (request, response, next) => {
    const reason = isCrossSite(request, http.corsOrigins)
      ? 'Pages of other sites may not change anything here, except those in CORS_ORIGINS.'
      : checksHost && !isOwnHost(request.hostname)
        ? 'Call this server as localhost or by its address; behind a proxy set TRUSTED_PROXIES.'
        : undefined;
    if (reason === undefined) next();
    else sendProblem(response, new ProblemError('forbidden', reason), requestIdOf(request));
  };
}

/** Browsers set Sec-Fetch-Site, and pages cannot change it. */
function isCrossSite({ method, headers }: Request, allowed: readonly string[]): boolean {
  if (SAFE_METHODS.includes(method) || headers['sec-fetch-site'] !== 'cross-site') return false;
  return headers.origin === undefined || !allowed.includes(headers.origin);
}

function isOwnHost(name: string): boolean {
  return /^(.+\.)?localhost$/i.test(name) || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
