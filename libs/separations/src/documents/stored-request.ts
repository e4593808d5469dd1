import { z } from 'zod';
import {
  count,
  failureSchema,
  formats,
  modelName,
  name,
  seconds,
  separationId,
  sha256,
  stemNames,
  time,
  type DocumentOf,
} from './fields.js';
import { PRIORITIES } from '../vocabulary/priorities.js';
import { ownSchema } from './song/own.js';
import { parseDocument } from './parse-document.js';

/** What decides the sound of a separation. */
export const separationOptionsSchema = z.object({
  model: modelName,
  stems: stemNames,
  overlap: z.number().min(0).meta({ example: 0.25 }),
  shifts: count.meta({ example: 0 }),
  track: count.min(1).meta({ description: 'audio track that was asked for', example: 2 }).exactOptional(),
});

/** Everything that names a separation. Download formats are not part of it. */
export const separationIdentitySchema = separationOptionsSchema.extend({
  /** of the uploaded bytes */
  inputSha256: sha256,
  /** signatures of the model's networks, joined by `+` */
  weights: name,
  /** name of the API key; null where no key is needed */
  owner: z.string().nullable(),
});

/**
 * Whether the separation failed or was cancelled. `accepted` means neither: look for a manifest, then at the job. `cancelled`
 * and `failed` are stored to keep a lost queue from starting them again.
 */
const storedStateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('accepted') }),
  z.object({ state: z.literal('cancelled'), at: time }),
  z.object({ state: z.literal('failed'), at: time, failure: failureSchema }),
]);

/** `request.json`: who asked for what, and when. Stored before the job is queued. */
export const storedRequestSchema = separationIdentitySchema.extend({
  id: separationId,
  createdAt: time,
  /** of the HTTP call; in every log line of this separation */
  requestId: name,
  /** from the client, made safe; shown, never part of a key */
  fileName: z.string(),
  /** of the stored input's key */
  inputExtension: z.string().regex(/^[a-z0-9]+$/),
  inputBytes: count,
  /** measured at upload; the manifest has the decoded length */
  durationSeconds: seconds,
  formats,
  /** whose turn it takes in the queue: a key, or a class of addresses */
  client: name.exactOptional(),
  /** normal if absent */
  priority: z.enum(PRIORITIES).exactOptional(),
  outcome: storedStateSchema,
  own: ownSchema.exactOptional(),
});

export type SeparationOptions = DocumentOf<typeof separationOptionsSchema>;
export type SeparationIdentity = DocumentOf<typeof separationIdentitySchema>;
export type StoredState = DocumentOf<typeof storedStateSchema>;
export type StoredRequest = DocumentOf<typeof storedRequestSchema>;

/** @throws InvalidDocumentError */
export function parseStoredRequest(json: string): StoredRequest {
  return parseDocument('request.json', storedRequestSchema, json);
}
