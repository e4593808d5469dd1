import { ProblemError } from './problem.error.js';

/** For a text that `outboundUrl` does not parse. */
export function invalidUrl(): ProblemError {
  return new ProblemError('invalid_url', 'Send an http or https URL of at most 2000 characters, without a user name.');
}
