import type { Readable } from 'node:stream';
import type { Format } from '@app/separations';
import type { AudioFacts, AudioSource, DecodedSong } from './audio-facts.js';

export interface LimitOptions {
  readonly maxDurationSeconds: number;
  readonly signal?: AbortSignal;
}

export interface EncodeRequest {
  /** a stem as the engine wrote it: float32, 44.1 kHz, stereo */
  readonly wavPath: string;
  readonly format: Format;
  /** linear, 1 or below, the same for all stems of a song */
  readonly gain: number;
}

/** The hardened ffmpeg; each call is one bounded child process. */
export class Ffmpeg {
  /** @param program path of ffmpeg, see `resolveFfmpeg` */
  constructor(private readonly program: string) {}

  /**
   * Decodes the whole song, at most one second more than the limit, and says what it is.
   * @throws NoAudioError, EmptyAudioError, DurationLimitError, NotFiniteError
   */
  inspect(source: AudioSource, options: LimitOptions): Promise<AudioFacts> {
    return Promise.reject(
      new Error(`not built yet: ${this.program} ${Object.keys(source).join()} ${options.maxDurationSeconds}`),
    );
  }

  /**
   * Decodes the song into a WAV: float32, 44.1 kHz, stereo, RF64 where it is longer than 4 GiB.
   * @throws NoAudioError, EmptyAudioError, DurationLimitError
   */
  decode(inputPath: string, wavPath: string, options: LimitOptions): Promise<DecodedSong> {
    return Promise.reject(new Error(`not built yet: ${inputPath} ${wavPath} ${options.maxDurationSeconds}`));
  }

  /** Writes a stem as flac (24 bit), wav (24 bit) or mp3 (VBR); equal input gives equal bytes. */
  encode(
    request: EncodeRequest,
    destinationPath: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return Promise.reject(new Error(`not built yet: ${request.wavPath} ${destinationPath} ${String(options.signal)}`));
  }

  /** Makes another format of a flac master; the temporary file has no name and ends with `use`. */
  transcode<T>(
    master: Readable,
    format: Format,
    use: (encoded: Readable) => Promise<T>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    return Promise.reject(
      new Error(`not built yet: ${format} ${String(master)} ${String(use)} ${String(options.signal)}`),
    );
  }
}
