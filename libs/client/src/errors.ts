import type { Problem } from './types.js';

/** statuses of a server, or of a proxy in front of it, that has no answer at this moment */
const RETRYABLE_STATUSES = [408, 425, 429, 500, 502, 503, 504];

interface ApiErrorDetails {
  readonly allowed?: readonly string[];
  readonly retryAfterMs?: number | undefined;
}

/** An error response of the server; its `code` is stable (see the OpenAPI document). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** the values that would have been accepted, if the server lists them */
  readonly allowed: readonly string[];
  /** how long the server wants you to wait, in milliseconds */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
    { allowed = [], retryAfterMs }: ApiErrorDetails = {},
  ) {
    super(detail);
    this.allowed = allowed;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server could not be reached, or the connection broke. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code = 'connection';
}

/** A browser can no longer read a file that was given to it. */
export class UnreadableSongError extends Error {
  override readonly name = 'UnreadableSongError';
  readonly code = 'unreadable_song';
}

/** The server names a stem or format that is no plain name: it must not become a part of a path. */
export class UnsafeNameError extends Error {
  override readonly name = 'UnsafeNameError';
  readonly code = 'unsafe_name';

  constructor(name: string) {
    super(`${JSON.stringify(name)} is no name of a stem or format. Do not trust this server.`);
  }
}

/** Whether the same call may succeed later: the connection broke, or the server was busy. */
export function isRetryable(error: unknown): error is ApiError | ConnectionError {
  return error instanceof ConnectionError || (error instanceof ApiError && RETRYABLE_STATUSES.includes(error.status));
}

/** @param body may come from a proxy and not from the server */
export function toApiError(status: number, body: string, retryAfter: string | null): ApiError {
  const seconds = Number(retryAfter ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? 1000 * seconds : undefined;
  const { code, detail = '', allowed = [] } = parseProblem(body);
  if (code !== undefined) return new ApiError(code, status, detail, { allowed, retryAfterMs });
  return new ApiError(status === 413 ? 'file_too_large' : 'internal', status, `HTTP ${status}`, { retryAfterMs });
}

interface ParsedProblem {
  readonly code?: string;
  readonly detail?: string;
  readonly allowed?: readonly string[];
}

function parseProblem(body: string): ParsedProblem {
  try {
    const { code, detail, allowed } = JSON.parse(body) as Partial<Record<keyof Problem, unknown>>;
    return {
      ...(typeof code === 'string' && { code }),
      ...(typeof detail === 'string' && { detail }),
      ...(Array.isArray(allowed) && { allowed: allowed.map(String) }),
    };
  } catch {
    // a proxy's page: the status is enough
    return {};
  }
}
