import { PROBLEMS, type ProblemCode } from './problem-codes.js';

export interface ProblemExtras {
  /** the allowed values */
  readonly allowed?: readonly (string | number)[] | Readonly<Record<string, number>>;
  /** the error of each field */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  /** the limit that was exceeded, in the unit of the detail */
  readonly limit?: number;
}

export interface ProblemOptions {
  readonly extras?: ProblemExtras;
  /** sent as Retry-After */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error for the client: the filter turns it into `application/problem+json`. */
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
