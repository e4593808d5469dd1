import { AudioError, DurationLimitError, FfmpegUnavailableError, NotFiniteError } from '@app/audio';
import { PermanentJobError, RetryableJobError, retryDecision } from '@app/queue';
import { RedisUnavailableError } from '@app/redis';
import { SeparationBusyError } from '@app/separation-store';
import { InvalidDocumentError, publicText, type FailureCode } from '@app/separations';
import { isOutOfDisk, ObjectNotFoundError, StorageUnavailableError } from '@app/storage';
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
  out_of_disk: 'out_of_disk',
  self_check_failed: 'engine_unavailable',
  device_unavailable: 'engine_unavailable',
  // our own faults: we write the input, and only we cancel
  invalid_input: 'internal',
  cancelled: 'internal',
  internal: 'internal',
};

/** for errors whose own message may contain paths and commands of this machine, which are only for the log */
const PLAIN_MESSAGES: Partial<Record<FailureCode, string>> = {
  internal: 'an internal error',
  out_of_disk: "the worker's disk is full",
  ffmpeg_killed: 'ffmpeg could not start, crashed or was killed',
};

/** What a client reads about a failure of the engine, whose own words name files and commands of this machine. */
const ENGINE_SENTENCES: Partial<Readonly<Record<FailureCode, string>>> = {
  model_not_installed: 'The worker does not have this model, or cannot run it.',
  unknown_stem: 'The model does not make this stem.',
  weights_mismatch: "The model's weights are not the ones that were recorded.",
  not_finite: 'The model returned samples that are not numbers.',
  out_of_memory: 'The engine ran out of memory.',
  engine_crashed: 'The engine ended unexpectedly.',
  engine_hung: 'The engine made no progress.',
  engine_unavailable: 'The engine is not available.',
};

export function failureCode(error: unknown): FailureCode {
  if (isOutOfDisk(error)) return 'out_of_disk';
  if (error instanceof EngineFailureError) return ENGINE_FAILURES[error.code];
  if (error instanceof EngineLostError) return error.code;
  if (error instanceof EngineUnavailableError) return error.code;
  if (error instanceof StorageUnavailableError || error instanceof SeparationBusyError) return 'storage_unavailable';
  if (error instanceof RedisUnavailableError) return 'storage_unavailable';
  if (error instanceof ObjectNotFoundError || error instanceof SongChangedError) return 'input_missing';
  if (error instanceof DurationLimitError) return 'duration_limit';
  if (error instanceof NotFiniteError) return 'not_finite';
  if (error instanceof AudioError) return 'undecodable_audio';
  if (error instanceof FfmpegUnavailableError) return 'ffmpeg_killed';
  return 'internal';
}

/** Maps the error of an attempt to one for the queue, whose retry table decides about another attempt. */
export function toJobError(error: unknown): PermanentJobError | RetryableJobError {
  const code = failureCode(error);
  const message = publicMessage(code, error);
  const isPermanent = error instanceof InvalidDocumentError || retryDecision(code).attempts === 1;
  return new (isPermanent ? PermanentJobError : RetryableJobError)(code, message, { cause: error });
}

/** One sentence for the client. The log has the error itself. */
function publicMessage(code: FailureCode, error: unknown): string {
  const plain = PLAIN_MESSAGES[code];
  if (plain !== undefined || !(error instanceof Error)) return plain ?? 'an internal error';
  const isOfEngine = [EngineFailureError, EngineLostError, EngineUnavailableError].some(
    (kind) => error instanceof kind,
  );
  return (isOfEngine ? ENGINE_SENTENCES[code] : undefined) ?? publicText(error.message);
}
