import { isFailureCode, type Failure } from './failure.js';
import { isFormat, type Format } from './format.js';
import { InvalidDocumentError } from './invalid-document.error.js';
import { isRecord, isStringArray } from './json.js';
import { isSeparationId, type SeparationId, type SeparationIdentity } from './separation-id.js';

/**
 * Where the store says a separation stands. A job, a manifest or neither decides what `accepted` means now;
 * `cancelled` and `failed` are kept here so that a lost queue does not start them again.
 */
export type StoredState =
  | { readonly state: 'accepted' }
  | { readonly state: 'cancelled'; readonly at: string }
  | { readonly state: 'failed'; readonly at: string; readonly failure: Failure };

/** `request.json`: who asked, when, for what. Written before the job is queued. */
export interface StoredRequest extends SeparationIdentity {
  readonly id: SeparationId;
  /** ISO 8601, UTC */
  readonly createdAt: string;
  /** request id of the HTTP call, in every log line of this separation */
  readonly requestId: string;
  /** as the client named it, made safe; shown, never part of a key */
  readonly fileName: string;
  /** key extension of the stored input: letters and digits */
  readonly inputExtension: string;
  readonly inputBytes: number;
  /** as measured at upload; the manifest has the decoded truth */
  readonly durationSeconds: number;
  readonly formats: readonly Format[];
  readonly outcome: StoredState;
}

/** @throws InvalidDocumentError when the stored JSON is not a request. */
export function parseStoredRequest(json: string): StoredRequest {
  const value: unknown = JSON.parse(json);
  if (!isStoredRequest(value)) throw new InvalidDocumentError('request.json', 'not a stored request');
  return value;
}

function isStoredRequest(value: unknown): value is StoredRequest {
  if (!isRecord(value)) return false;
  const texts = ['createdAt', 'requestId', 'fileName', 'inputExtension', 'inputSha256', 'model', 'weights'];
  const numbers = ['inputBytes', 'durationSeconds', 'overlap', 'shifts'];
  return (
    isSeparationId(value['id']) &&
    texts.every((key) => typeof value[key] === 'string') &&
    numbers.every((key) => typeof value[key] === 'number') &&
    (value['owner'] === null || typeof value['owner'] === 'string') &&
    isStringArray(value['stems']) &&
    Array.isArray(value['formats']) &&
    value['formats'].every(isFormat) &&
    isStoredState(value['outcome'])
  );
}

function isStoredState(value: unknown): value is StoredState {
  if (!isRecord(value)) return false;
  switch (value['state']) {
    case 'accepted':
      return true;
    case 'cancelled':
      return typeof value['at'] === 'string';
    case 'failed':
      return typeof value['at'] === 'string' && isRecord(value['failure']) && isFailureCode(value['failure']['code']);
    default:
      return false;
  }
}
