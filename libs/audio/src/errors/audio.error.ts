/** A fault of the song. `code` is stable, and clients may see the message. */
export abstract class AudioError extends Error {
  abstract readonly code: string;
}

/** The file has no audio stream that we decode: a text, an image, a playlist, a silent film. */
export class NoAudioError extends AudioError {
  readonly code = 'no_audio';

  constructor(message = 'The file has no audio that can be decoded.', options?: ErrorOptions) {
    super(message, options);
  }
}

/** The file has audio, but of a kind that we do not decode, or its header does not describe it. */
export class UnsupportedAudioError extends AudioError {
  readonly code = 'unsupported_audio';
}

/** The file has audio, but not the track that was asked for. */
export class UnknownTrackError extends AudioError {
  readonly code = 'unknown_track';

  constructor(
    readonly track: number,
    readonly tracks: number,
  ) {
    super(`The file has no audio track ${track}: it has ${tracks}.`);
  }
}

/** The audio stream has no samples. */
export class EmptyAudioError extends AudioError {
  readonly code = 'empty_audio';

  constructor() {
    super('The audio in the file has no samples.');
  }
}

/** The decoded song is too long, whatever its header says. */
export class DurationLimitError extends AudioError {
  readonly code = 'duration_limit';

  constructor(readonly maxDurationSeconds: number) {
    super(`The song is longer than the limit of ${maxDurationSeconds} seconds.`);
  }
}

/** Decoding takes far more work than for other songs of its size and length. */
export class TooCostlyError extends AudioError {
  readonly code = 'too_costly';

  constructor() {
    super('The song takes too much work or memory to decode for a file of its size.');
  }
}

/** The decoder crashes on the song. */
export class UndecodableAudioError extends AudioError {
  readonly code = 'undecodable_audio';

  constructor(options: ErrorOptions) {
    super('The decoder crashes on this song.', options);
  }
}

/** A sample is NaN or infinite. */
export class NotFiniteError extends AudioError {
  readonly code = 'not_finite';

  constructor() {
    super('The audio has samples that are not finite numbers.');
  }
}

/** No usable ffmpeg on this machine; stops the start. */
export class FfmpegNotFoundError extends Error {
  readonly code = 'ffmpeg_not_found';

  constructor(reason: string) {
    super(`${reason}. Install ffmpeg 5.1 or newer, or set FFMPEG_PATH to its executable.`);
  }
}

/** ffmpeg cannot start, was killed or does not answer: a fault of this machine, not of the song. */
export class FfmpegUnavailableError extends Error {
  readonly code = 'ffmpeg_unavailable';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** ffmpeg crashed, although it runs: a fault of what it read. */
export class FfmpegCrashedError extends FfmpegUnavailableError {}
