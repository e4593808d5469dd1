/** Why a separation failed. Clients may switch on these codes. */
export const FAILURE_CODES = [
  'undecodable_audio',
  'duration_limit',
  'not_finite',
  'model_not_installed',
  'unknown_stem',
  'weights_mismatch',
  'out_of_memory',
  'out_of_disk',
  'ffmpeg_killed',
  'engine_crashed',
  'engine_hung',
  'engine_unavailable',
  'storage_unavailable',
  'input_missing',
  'worker_lost',
  'record_damaged',
  'internal',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

export function isFailureCode(value: unknown): value is FailureCode {
  return FAILURE_CODES.some((code) => code === value);
}
