/** An answer of the service that is no success; `code` is stable (see the OpenAPI document). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** The server could not be reached, or broke off. */
export class ConnectionError extends Error {
  readonly code = 'connection';
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'internal';
}

/** @param body of an answer, which a proxy between may have written */
export function problemOf(status: number, body: string): ApiError {
  try {
    const { code, detail } = JSON.parse(body) as { code?: unknown; detail?: unknown };
    if (typeof code === 'string') return new ApiError(code, status, typeof detail === 'string' ? detail : '');
  } catch {
    // not ours: the status says enough
  }
  return new ApiError(status === 413 ? 'file_too_large' : 'internal', status, `HTTP ${status}`);
}
