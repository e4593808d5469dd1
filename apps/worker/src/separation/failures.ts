import { AudioError, DurationLimitError, NotFiniteError } from '@app/audio';
import { PermanentJobError, RetryableJobError, retryDecision } from '@app/queue';
import { RedisUnavailableError } from '@app/redis';
import { SeparationBusyError } from '@app/separation-store';
import { InvalidDocumentError, type FailureCode } from '@app/separations';
import { ObjectNotFoundError, StorageUnavailableError } from '@app/storage';
import { EngineFailureError, EngineLostError, EngineUnavailableError } from '../engine/engine.errors.js';
import type { EngineErrorCode } from '../engine/protocol.js';
import { SongChangedError } from './steps/separation.errors.js';

/** The failure code for each code of the engine. */
const ENGINE_FAILURES: Readonly<Record<EngineErrorCode, FailureCode>> = {
  unknown_model: 'model_not_installed',
  model_not_installed: 'model_not_installed',
  unknown_stem: 'unknown_stem',
  weights_mismatch: 'weights_mismatch',
  not_finite: 'not_finite',
  out_of_memory: 'out_of_memory',
  self_check_failed: 'engine_unavailable',
  device_unavailable: 'engine_unavailable',
  // our own faults: we write the input, and only we cancel
  invalid_input: 'internal',
  cancelled: 'internal',
  internal: 'internal',
};

export function failureCode(error: unknown): FailureCode {
  if (error instanceof EngineFailureError) return ENGINE_FAILURES[error.code];
  if (error instanceof EngineLostError) return error.code;
  if (error instanceof EngineUnavailableError) return error.code;
  if (error instanceof StorageUnavailableError || error instanceof SeparationBusyError) return 'storage_unavailable';
  if (error instanceof RedisUnavailableError) return 'storage_unavailable';
  if (error instanceof ObjectNotFoundError || error instanceof SongChangedError) return 'input_missing';
  if (error instanceof DurationLimitError) return 'duration_limit';
  if (error instanceof NotFiniteError) return 'not_finite';
  if (error instanceof AudioError) return 'undecodable_audio';
  return 'internal';
}

/** Maps the error of an attempt to one for the queue, whose retry table decides about another attempt. */
export function toJobError(error: unknown): PermanentJobError | RetryableJobError {
  const code = failureCode(error);
  // an unforeseen message may contain paths of this machine: only for the log
  const message = code === 'internal' || !(error instanceof Error) ? 'an internal error' : error.message;
  const isPermanent = error instanceof InvalidDocumentError || retryDecision(code).attempts === 1;
  return new (isPermanent ? PermanentJobError : RetryableJobError)(code, message, { cause: error });
}
