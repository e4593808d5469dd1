/** Every problem that the API answers: stable codes with their status and title. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is invalid' },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key must be 1 to 255 ASCII characters without spaces',
  },
  missing_file: { status: 400, title: 'The upload has no file' },
  empty_file: { status: 400, title: 'The file is empty' },
  too_many_files: { status: 400, title: 'More than one file was sent' },
  unknown_field: { status: 400, title: 'Unknown field' },
  malformed_upload: { status: 400, title: 'The upload cannot be read' },
  unauthorized: { status: 401, title: 'An API key is required' },
  forbidden: { status: 403, title: 'Not allowed' },
  scope_missing: { status: 403, title: 'The key may not do this' },
  not_found: { status: 404, title: 'Not found' },
  separation_not_found: { status: 404, title: 'No such separation' },
  stem_not_found: { status: 404, title: 'The separation has no such stem' },
  webhook_not_found: { status: 404, title: 'No such webhook' },
  delivery_not_found: { status: 404, title: 'The webhook has no such delivery' },
  upload_not_found: { status: 404, title: 'No such upload' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  not_acceptable: { status: 406, title: 'Not available in the requested form' },
  request_timeout: { status: 408, title: 'The request took too long' },
  upload_stalled: { status: 408, title: 'The upload stalled' },
  idempotency_key_in_use: { status: 409, title: 'The first call with this Idempotency-Key still runs' },
  upload_offset_mismatch: { status: 409, title: 'The upload goes on at another offset' },
  upload_incomplete: { status: 409, title: 'The upload is not complete yet' },
  already_finished: { status: 409, title: 'The separation has already ended' },
  too_many_webhooks: { status: 409, title: 'You have too many webhooks' },
  still_active: { status: 409, title: 'The separation has not ended yet' },
  not_completed: { status: 409, title: 'The separation is not completed' },
  record_damaged: { status: 409, title: 'The record of the separation cannot be read' },
  preview_ended: { status: 410, title: 'The separation has ended, and its preview with it' },
  tus_version_unsupported: { status: 412, title: 'The version of the tus protocol is not supported' },
  file_too_large: { status: 413, title: 'The file is too large' },
  no_audio: { status: 415, title: 'The file has no audio' },
  unsupported_audio: { status: 415, title: 'The audio cannot be read' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  range_not_satisfiable: { status: 416, title: 'The range is outside the file' },
  expectation_failed: { status: 417, title: 'The expectation cannot be met' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another upload' },
  unknown_model: { status: 422, title: 'Unknown model' },
  model_not_installed: { status: 422, title: 'No running worker has the model' },
  licence_not_allowed: { status: 422, title: 'The license of the model is not allowed' },
  unknown_stem: { status: 422, title: 'The model has no such stem' },
  unknown_format: { status: 422, title: 'Unknown format' },
  invalid_overlap: { status: 422, title: 'The overlap is out of range' },
  invalid_shifts: { status: 422, title: 'The number of shifts is out of range' },
  invalid_track: { status: 422, title: 'The track number is out of range' },
  invalid_priority: { status: 422, title: 'Unknown priority' },
  invalid_title: { status: 422, title: 'The title is too long, or not text' },
  invalid_tempo: { status: 422, title: 'The tempo is out of range' },
  invalid_key: { status: 422, title: 'Unknown key' },
  invalid_url: { status: 422, title: 'The URL cannot be used' },
  unknown_event: { status: 422, title: 'Unknown event' },
  address_refused: { status: 422, title: 'The URL leads to an address that is not public' },
  url_not_allowed: { status: 422, title: 'Songs may not be fetched from this host' },
  fetch_failed: { status: 422, title: 'The song cannot be fetched' },
  duration_limit: { status: 422, title: 'The song is too long' },
  unknown_track: { status: 422, title: 'The file has no such track' },
  too_costly: { status: 422, title: 'The song takes too much work to decode' },
  undecodable_audio: { status: 422, title: 'The song cannot be decoded' },
  not_finite: { status: 422, title: 'The audio has samples that are not finite numbers' },
  no_samples: { status: 422, title: 'The audio has no samples' },
  upload_in_use: { status: 423, title: 'Another call is sending this upload' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_at_once: { status: 429, title: 'You have too many calls of this kind at once' },
  too_many_queued: { status: 429, title: 'You have too many songs in the queue' },
  too_many_streams: { status: 429, title: 'Too many open event streams' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong on the server' },
  queue_full: { status: 503, title: 'The queue is full' },
  busy: { status: 503, title: 'The server is busy' },
  queue_unavailable: { status: 503, title: 'The queue cannot be reached' },
  storage_unavailable: { status: 503, title: 'The object store cannot be reached' },
  ffmpeg_unavailable: { status: 503, title: 'Audio can be neither decoded nor encoded now' },
  out_of_disk: { status: 507, title: 'The server cannot write to its disk' },
  not_ready: { status: 503, title: 'The server is not ready' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

interface DescribedProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
}

/** What every problem document says, whatever else it adds (RFC 9457). */
export function describeProblem(code: ProblemCode, detail: string): DescribedProblem {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:music-separation:problem:${code}`, title, status, detail, code };
}
