import { MAX_UPLOAD_BYTES } from '../api/limits.js';
import { messages } from './i18n.js';
import { formatBytes } from './units.js';

/** Says what went wrong and what to do, by the stable code of the problem. */
export function problemText(code: string): string {
  const { problems } = messages.value;
  const texts: Readonly<Record<string, string | ((limit: string) => string)>> = problems;
  const text = texts[code] ?? problems.unexpected;
  return typeof text === 'string' ? text : text(formatBytes(MAX_UPLOAD_BYTES));
}
