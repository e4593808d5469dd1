import type { $brand } from 'zod';

/** `sep_` and 32 lower-case hex digits */
export type SeparationId = string & $brand<'SeparationId'>;

export const SEPARATION_ID = /^sep_[0-9a-f]{32}$/;

export function isSeparationId(value: unknown): value is SeparationId {
  return typeof value === 'string' && SEPARATION_ID.test(value);
}
