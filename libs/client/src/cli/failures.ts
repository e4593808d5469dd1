import { ApiError, UnsafeNameError } from '../errors.js';

/** What the server says of the song itself: it will say so again. */
const OF_THE_SONG: ReadonlySet<string> = new Set([
  'duration_limit',
  'empty_file',
  'file_too_large',
  'no_audio',
  'no_samples',
  'not_finite',
  'too_costly',
  'undecodable_audio',
  'unknown_track',
  'unsupported_audio',
  'unsupported_media_type',
]);

/** What the server says of an option: it will say so of every song. */
const OF_AN_OPTION: ReadonlySet<string> = new Set([
  'invalid_overlap',
  'invalid_priority',
  'invalid_shifts',
  'invalid_track',
  'unknown_field',
  'unknown_format',
  'unknown_model',
  'unknown_stem',
]);

/** A song has no stems. */
export class SongFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  get isLasting(): boolean {
    return OF_THE_SONG.has(this.code);
  }
}

/** The file is not what it was when the song was begun: it is still being written. */
export class SongChanged extends SongFailure {
  constructor() {
    super('changed', 'The file changed while it was read. Try again when it is complete.');
  }
}

export function isRefusedOption(error: unknown): error is ApiError {
  return error instanceof ApiError && OF_AN_OPTION.has(error.code);
}

/** Errors that tell of one song only. Others end the run. */
export function toSongFailure(error: unknown): SongFailure | undefined {
  if (error instanceof SongFailure) return error;
  if (error instanceof ApiError || error instanceof UnsafeNameError) {
    return new SongFailure(error.code, sentenceOf(error));
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  return syscall === undefined || code === undefined ? undefined : new SongFailure(code, message);
}

export function sentenceOf(error: Error): string {
  const allowed = error instanceof ApiError ? error.allowed : [];
  return allowed.length === 0 ? error.message : `${error.message} Allowed: ${allowed.join(', ')}.`;
}
