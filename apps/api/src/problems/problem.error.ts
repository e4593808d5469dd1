import { PROBLEMS, type ProblemCode } from './problem-codes.js';

export interface ProblemExtras {
  /** what would have been taken */
  readonly allowed?: readonly (string | number)[] | Readonly<Record<string, number>>;
  /** what is wrong with each input */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  /** the limit that was passed, in the unit that the detail names */
  readonly limit?: number;
}

export interface ProblemOptions {
  readonly extras?: ProblemExtras;
  /** sent as Retry-After */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer to the client that is not the wanted one: the filter turns it into `application/problem+json`. */
export class ProblemError extends Error {
  readonly status: number;
  readonly extras: ProblemExtras;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ProblemCode,
    /** one sentence for the reader of the answer */
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
