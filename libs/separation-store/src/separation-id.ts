import { createHash } from 'node:crypto';
import { separationIdentitySchema, type SeparationId, type SeparationIdentity } from '@app/separations';
import { canonicalJson } from './canonical-json.js';

/** Names a separation by its content: the same song with the same options is the same separation. */
export function separationId(identity: SeparationIdentity): SeparationId {
  const named = Object.keys(separationIdentitySchema.shape) as (keyof SeparationIdentity)[];
  const name = canonicalJson(Object.fromEntries(named.map((field) => [field, identity[field]])));
  const digest = createHash('sha256').update(name).digest('hex');
  return `sep_${digest.slice(0, 32)}` as SeparationId;
}
