import { createHash } from 'node:crypto';
import type { SeparationId, SeparationIdentity } from '@app/separations';
import { canonicalJson } from './canonical-json.js';

/** Names a separation by its content: the same song with the same options is the same separation. */
export function separationId(identity: SeparationIdentity): SeparationId {
  const { inputSha256, model, weights, stems, overlap, shifts, owner } = identity;
  const name = canonicalJson({ inputSha256, model, weights, stems, overlap, shifts, owner });
  const digest = createHash('sha256').update(name).digest('hex');
  return `sep_${digest.slice(0, 32)}` as SeparationId;
}
