/** What is wrong with a song; `code` is stable and the message may be shown to the one who sent it. */
export abstract class AudioError extends Error {
  abstract readonly code: string;
}

/** No stream of sound in it that we decode: text, an image, a playlist, a video without sound. */
export class NoAudioError extends AudioError {
  readonly code = 'no_audio';

  constructor(options?: ErrorOptions) {
    super('The file holds no audio that can be decoded.', options);
  }
}

/** A stream of sound without a single sample. */
export class EmptyAudioError extends AudioError {
  readonly code = 'empty_audio';

  constructor() {
    super('The audio in the file has no samples.');
  }
}

/** Longer than the limit, whatever its header says. */
export class DurationLimitError extends AudioError {
  readonly code = 'duration_limit';

  constructor(readonly maxDurationSeconds: number) {
    super(`The song is longer than the limit of ${maxDurationSeconds} seconds.`);
  }
}

/** A sample is not a number or infinite. */
export class NotFiniteError extends AudioError {
  readonly code = 'not_finite';

  constructor() {
    super('The audio holds samples that are not finite numbers.');
  }
}

/** ffmpeg is nowhere to be found: ends the start. */
export class FfmpegNotFoundError extends Error {
  readonly code = 'ffmpeg_not_found';

  constructor(where: string) {
    super(`No ffmpeg was found (${where}). Install ffmpeg, or set FFMPEG_PATH to its program file.`);
  }
}
