import type { Readable } from 'node:stream';
import { runProcess } from '@app/processes';
import type { Format, MASTER_FORMAT } from '@app/separations';
import type { AudioFacts, AudioSource, DecodedSong } from '../audio-facts.js';
import type { LimitOptions, SignalOption } from '../call-options.js';
import { decodeToWav } from './decode.js';
import { ENCODING_TIMEOUT_MS, stemArguments } from './encoding.js';
import { ownInput, PIPE_INPUT } from '../sources/ffmpeg-input.js';
import { streamWav, type FollowOptions } from '../wav/float-wav.js';
import { inspectSong } from './inspect.js';
import { mixStems, type MixLane, type RenderedMix } from './mix.js';
import { decodeOriginal, type DecodedInput } from './original.js';
import { transcodeToMp3, transcodeToWav, type Master } from './transcode.js';

export interface EncodeRequest {
  /** a stem as the engine wrote it: float32, 44.1 kHz, stereo */
  readonly wavPath: string;
  /** linear, above 0, at most 1, the same for all stems of a song */
  readonly gain: number;
  /** a path for each wanted format, one at least */
  readonly destinations: Readonly<Partial<Record<Format, string>>>;
}

/**
 * The hardened ffmpeg: each call is one bounded child process without our environment.
 * Every method also throws ProcessFailedError and ProcessTimeoutError, when the machine fails and not the song.
 */
export class Ffmpeg {
  /** @param program path of ffmpeg, see `resolveFfmpeg` */
  constructor(private readonly program: string) {}

  /**
   * Decodes the whole song, at most one second more than the limit, and says what it is. Keeps nothing of it.
   * @throws NoAudioError, EmptyAudioError, DurationLimitError, NotFiniteError, or the error of the source
   */
  inspect(source: AudioSource, options: LimitOptions): Promise<AudioFacts> {
    return inspectSong(this.program, source, options);
  }

  /**
   * Decodes the song into a WAV: float32, 44.1 kHz, stereo, RF64 where it is longer than 4 GiB. A song that is cut off
   * or partly broken is decoded as far as that goes. Whether samples are finite is the engine's to say.
   * @throws NoAudioError, EmptyAudioError, DurationLimitError
   */
  decode(inputPath: string, wavPath: string, options: LimitOptions): Promise<DecodedSong> {
    return decodeToWav(this.program, inputPath, wavPath, options);
  }

  /**
   * Writes a stem as flac (24 bit), wav (24 bit) or mp3 (VBR V2), all in one pass behind whoever has more to do; equal
   * samples give equal bytes. A stem that grows is encoded as it grows, and the time-out begins when it is whole.
   */
  async encode(request: EncodeRequest, options: FollowOptions = {}): Promise<void> {
    const { growth, signal } = options;
    const args = [...ownInput(PIPE_INPUT, 'wav'), ...stemArguments(request.gain, request.destinations)];
    await runProcess(this.program, args, {
      stdin: streamWav(request.wavPath, options),
      isBackground: true,
      timeoutMs: ENCODING_TIMEOUT_MS,
      ...(growth && { timeoutFrom: growth.whole }),
      // a part of a stem is of no use: it need not end well
      graceMs: 0,
      ...(signal && { signal }),
    });
  }

  /**
   * Makes a wav or mp3 of a flac master and gives it to `use` as a stream; what it kept is gone when this settles.
   * A stream that `use` has read to its end without an error is whole.
   */
  async transcode<T>(
    master: Master,
    format: Exclude<Format, typeof MASTER_FORMAT>,
    use: (encoded: Readable) => Promise<T>,
    options: SignalOption = {},
  ): Promise<T> {
    const transcodeTo = { mp3: transcodeToMp3, wav: transcodeToWav }[format];
    return transcodeTo(this.program, master, use, options);
  }

  /**
   * Adds masters up, each by its own level on each side; the caller closes the mix.
   * Every sample is the sum within a step of 24 bits (mp3: what the codec keeps); what passes full scale is cut off.
   */
  async mix(lanes: readonly MixLane[], format: Format, options: SignalOption = {}): Promise<RenderedMix> {
    return mixStems(this.program, { lanes, format }, options);
  }

  /**
   * Decodes a song as the worker did into a flac (24 bit) and gives it to `use`: sample for sample in step with its stems.
   * @throws RangeError when it has not as many samples as they have
   */
  original<T>(song: DecodedInput, use: (flac: Readable) => Promise<T>, options: SignalOption = {}): Promise<T> {
    return decodeOriginal(this.program, song, use, options);
  }
}
