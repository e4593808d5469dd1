import { PROBLEMS, type ProblemCode, type ProblemDocument } from '@app/separations';

export type ProblemExtras = Pick<ProblemDocument, 'allowed' | 'errors' | 'licence' | 'limit'>;

export interface ProblemOptions {
  readonly extras?: ProblemExtras;
  /** sent as Retry-After */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Ends a request with an error. The filter sends it as `application/problem+json`. */
export class ProblemError extends Error {
  readonly status: number;
  readonly extras: ProblemExtras;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ProblemCode,
    /** one sentence for the client's developer */
    readonly detail: string,
    options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.status = PROBLEMS[code].status;
    this.extras = options.extras ?? {};
    const retry = options.retryAfterSeconds;
    this.headers = {
      ...options.headers,
      ...(retry === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retry))) }),
    };
  }
}
