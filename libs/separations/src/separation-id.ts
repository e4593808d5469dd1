import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import type { SeparationOptions } from './options.js';

declare const brand: unique symbol;

/** `sep_` and 32 lower-case hex digits */
export type SeparationId = string & { readonly [brand]: 'SeparationId' };

/** All that names a separation; the wanted download formats are not part of it. */
export interface SeparationIdentity extends SeparationOptions {
  /** lower-case hex sha256 of the uploaded bytes */
  readonly inputSha256: string;
  /** signatures of the model's networks, joined by `+` */
  readonly weights: string;
  /** name of the API key, or null where none is needed */
  readonly owner: string | null;
}

export function separationId(identity: SeparationIdentity): SeparationId {
  const { inputSha256, model, weights, stems, overlap, shifts, owner } = identity;
  const name = canonicalJson({ inputSha256, model, weights, stems, overlap, shifts, owner });
  const digest = createHash('sha256').update(name).digest('hex');
  return `sep_${digest.slice(0, 32)}` as SeparationId;
}

export function isSeparationId(value: unknown): value is SeparationId {
  return typeof value === 'string' && /^sep_[0-9a-f]{32}$/.test(value);
}
