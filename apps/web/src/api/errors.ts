import type { FailureCode, ProblemCode } from './contract.js';

/** Everything that can go wrong: the server's codes, and the page's own. */
export type ErrorCode = ProblemCode | FailureCode | OwnCode;

type OwnCode = 'connection' | 'not_audio' | 'unexpected' | 'unreadable_drop' | 'unreadable_song';

/** Problems that may be gone if you send the same request again, so the page offers to try again. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'busy',
  'connection',
  'engine_crashed',
  'engine_hung',
  'engine_unavailable',
  'ffmpeg_killed',
  'ffmpeg_unavailable',
  'internal',
  'malformed_upload',
  'model_not_installed',
  'not_ready',
  'out_of_disk',
  'out_of_memory',
  'queue_full',
  'queue_unavailable',
  'rate_limited',
  'storage_unavailable',
  'too_many_at_once',
  'too_many_queued',
  'too_many_streams',
  'request_timeout',
  'upload_stalled',
  'worker_lost',
] satisfies ErrorCode[]);

export function isRetryable(code: string): boolean {
  return RETRYABLE.has(code);
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : ('unexpected' satisfies ErrorCode);
}
