import type { ValidationError } from 'class-validator';
import { ProblemError } from './problem.error.js';

/** What class-validator found wrong with the input of a call. */
export function invalidFields(errors: readonly ValidationError[]): ProblemError {
  const list = errors.flatMap(({ property, constraints = {} }) =>
    Object.entries(constraints).map(([rule, message]) => ({ field: shown(property), rule, message: shown(message) })),
  );
  const unknown = list.filter(({ rule }) => rule === 'whitelistValidation');
  const extras = { errors: list.map(({ field, message }) => ({ field, message })) };
  if (unknown.length > 0) {
    const names = unknown.map(({ field }) => `"${field}"`).join(', ');
    return new ProblemError('unknown_field', `Not known: ${names}.`, { extras });
  }
  return new ProblemError('invalid_request', `${list.map(({ message }) => message).join('; ')}.`, { extras });
}

/** a client's own text is repeated, but not 64 kB of it */
function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
