import type { HttpConfig } from '@app/config';
import type { NextFunction, Request, Response } from 'express';
import { requestIdOf } from '../context/api-request.js';
import { ProblemError } from '../problems/problem.error.js';
import { sendProblem } from '../problems/problem.filter.js';
import { AllowedHosts } from './allowed-hosts.js';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** a GET that changes something, see docs/apiv1.md; routes match in any case */
const UNSAFE_PATH = /^\/apiv1\/remove\//i;

/** values of Sec-Fetch-Site: a page of this server, and a user who typed the address */
const OWN_SITES = ['same-origin', 'none'];

type Handler = (request: Request, response: Response, next: NextFunction) => void;

/**
 * Protects against the web sites that a user visits: against their forms (CSRF), and against their host names that
 * resolve to this machine (DNS rebinding).
 */
export function refuseCrossSite(http: HttpConfig): Handler {
  const hosts = new AllowedHosts(http);
  return (request, response, next) => {
    const problem = crossSiteProblem(request, http.corsOrigins) ?? hostProblem(request, hosts);
    if (problem === undefined) next();
    else sendProblem(response, problem, requestIdOf(request));
  };
}

/**
 * Browsers send Sec-Fetch-Site, which pages cannot change, to https and to loopback. For a plain http address of the
 * local network only Origin tells.
 */
function crossSiteProblem(request: Request, allowed: readonly string[]): ProblemError | undefined {
  const { method, path, headers } = request;
  const { origin, 'sec-fetch-site': site } = headers;
  const isGet = SAFE_METHODS.includes(method);
  if (isGet && !UNSAFE_PATH.test(path)) return undefined;
  if (isGet && isUnasked(request)) {
    return new ProblemError('forbidden', 'Links and prefetches of a browser may not change anything here. Use DELETE.');
  }
  if (origin !== undefined && allowed.includes(origin)) return undefined;
  const isOwn = site === undefined ? origin === undefined || isOriginOf(origin, request) : OWN_SITES.includes(site);
  if (isOwn) return undefined;
  const detail = 'Pages of other origins may not change anything here: see CORS_ORIGINS. A proxy must pass on Host.';
  return new ProblemError('forbidden', detail);
}

/** Whether a browser follows a link of a mail or another program, or fetches what its user may open next. */
function isUnasked({ headers }: Request): boolean {
  const { 'sec-fetch-site': site, 'sec-purpose': secPurpose, purpose } = headers;
  return (
    site === 'none' || [secPurpose, purpose].some((value) => value !== undefined && /prefetch/i.test(String(value)))
  );
}

/** A page that hides its origin sends `null`. */
function isOriginOf(origin: string, { host }: Request): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // the origin's scheme: browsers leave its default port out of both
  const own = `${page.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === page.host;
}

function hostProblem(
  { headers, headersDistinct, httpVersion }: Request,
  hosts: AllowedHosts,
): ProblemError | undefined {
  const { host = '' } = headers;
  // RFC 9112 §3.2
  if ((headersDistinct['host']?.length ?? 0) > 1) return new ProblemError('invalid_request', 'Send one Host header.');
  if (httpVersion === '1.1' && headers.host === undefined) {
    return new ProblemError('invalid_request', 'Send a Host header.');
  }
  if (hosts.areAll) return undefined;
  if (host === '') return new ProblemError('invalid_request', 'Send a Host header that names this server.');
  if (hosts.allow(host)) return undefined;
  const detail = `This server does not answer to "${host}". Call it by its address, or add the name to ALLOWED_HOSTS.`;
  return new ProblemError('forbidden', detail);
}
