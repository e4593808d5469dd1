import type { z } from 'zod';
import type { Immutable } from './fields.js';
import { InvalidDocumentError } from './invalid-document.error.js';

/**
 * Checks a stored JSON document. Unknown fields stay: a later version may have written them.
 * @throws InvalidDocumentError that names the first wrong field
 */
export function parseDocument<T>(document: string, schema: z.ZodType<T>, json: string): Immutable<T> {
  const value = parseJson(document, json);
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return value as Immutable<T>;
  const field = issue.path.join('.');
  throw new InvalidDocumentError(document, field === '' ? issue.message : `${field}: ${issue.message}`);
}

function parseJson(document: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new InvalidDocumentError(document, 'not JSON');
  }
}
