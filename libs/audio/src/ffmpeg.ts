import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import type { Format, MASTER_FORMAT } from '@app/separations';
import type { Programs, SignalOption } from './ffmpeg/call-options.js';
import { decodeOriginal, type SeparatedSong } from './decoding/decode-original.js';
import type { PartOptions } from './decoding/decode-part.js';
import { decodeToWav, type DecodedSong } from './decoding/decode.js';
import { ENCODING_TIMEOUT_MS, stemArguments } from './encoding/encode-arguments.js';
import { encodeLight, type FlacStretch } from './encoding/encode-light.js';
import { encodeStretches, type StretchRequest } from './encoding/encode-stretches.js';
import { inspectSong, type AudioFacts } from './decoding/inspect.js';
import { mixStems, type MixRequest, type RenderedMix } from './encoding/mix.js';
import { readVersion } from './ffmpeg/read-version.js';
import { runFfmpeg } from './ffmpeg/run-ffmpeg.js';
import { transcodeToMp3, transcodeToWav, type Master } from './encoding/transcode.js';
import { fileInput, ownInput, PIPE_INPUT } from './sources/ffmpeg-input.js';
import type { SeekableSource } from './sources/seekable-source.js';
import { writeCover, type SongCover } from './tags/write-cover.js';
import { readTags, type FoundTags } from './tags/read-tags.js';
import { streamWav, withFloatWav, type FollowOptions } from './wav/float-wav.js';

interface EncodeRequest {
  /** a stem in the working format: WAV, float32, 44.1 kHz, stereo */
  readonly wavPath: string;
  /** linear, above 0, at most 1, the same for all stems of a song */
  readonly gain: number;
  /** a path for each wanted format, at least one */
  readonly destinations: Readonly<Partial<Record<Format, string>>>;
}

/**
 * Runs ffmpeg, hardened: each call is one bounded child process without our environment.
 * Every method also throws FfmpegUnavailableError if ffmpeg does not run, and ProcessFailedError or ProcessTimeoutError on
 * other faults of the machine.
 */
export class Ffmpeg {
  private readonly programs: Programs;

  /**
   * @param program path of ffmpeg, see `resolveFfmpeg`
   * @param scratchDir folder for temporary files
   */
  constructor(
    private readonly program: string,
    scratchDir = tmpdir(),
  ) {
    this.programs = { program, scratchDir };
  }

  /** The version that it reports, such as `7.1` or `N-118387-g1ab2c3d4`. Asks each time: it may have been replaced. */
  version(): Promise<string> {
    return readVersion(this.program);
  }

  /** Resolves if ffmpeg runs. */
  async ping(options: SignalOption = {}): Promise<void> {
    await readVersion(this.program, options);
  }

  /**
   * Measures a song by decoding all of it as `decode` does, up to one second past the limit.
   * @throws NoAudioError, UnsupportedAudioError, UnknownTrackError, EmptyAudioError, DurationLimitError, TooCostlyError,
   *   NotFiniteError, or the error of the source
   */
  inspect(source: SeekableSource, options: PartOptions): Promise<AudioFacts> {
    return inspectSong(this.program, source, options);
  }

  /**
   * Decodes a song into a WAV in the working format (RF64 above 4 GiB). Decodes as much as it can of a truncated or
   * damaged song; silence takes the place of what is lost. The engine checks that samples are finite.
   * @throws NoAudioError, UnsupportedAudioError, UnknownTrackError, EmptyAudioError, DurationLimitError
   */
  decode(inputPath: string, wavPath: string, options: PartOptions): Promise<DecodedSong> {
    return decodeToWav(this.program, inputPath, wavPath, options);
  }

  /** Reads the tags of a song in the scratch folder. @throws ProcessFailedError if it cannot */
  readTags(inputPath: string, options: SignalOption = {}): Promise<FoundTags> {
    return readTags(this.program, inputPath, options);
  }

  /** Writes the cover of a song in the scratch folder as a new small JPEG. @throws ProcessFailedError if it cannot */
  writeCover(cover: SongCover, destination: string, options: SignalOption = {}): Promise<void> {
    return writeCover(this.program, cover, destination, options);
  }

  /**
   * Encodes a stem as FLAC (24 bits), WAV (24 bits) and MP3 (VBR V2) in one pass, at low priority. Equal samples give
   * equal bytes. Encodes a growing stem as it grows; the timeout starts when the stem is complete.
   */
  async encode(request: EncodeRequest, options: FollowOptions = {}): Promise<void> {
    const { wavPath, gain, destinations } = request;
    const { written, signal } = options;
    const isGrowing = written?.isComplete === false;
    // ffmpeg does not check the length of a file
    if (!isGrowing) await withFloatWav(wavPath, options, () => Promise.resolve());
    const input = isGrowing ? PIPE_INPUT : fileInput(wavPath);
    await runFfmpeg(this.program, [...ownInput(input, 'wav'), ...stemArguments(gain, destinations)], {
      ...(isGrowing && { stdin: streamWav(wavPath, options) }),
      isBackground: true,
      timeoutMs: ENCODING_TIMEOUT_MS,
      ...(written && { timeoutFrom: written.complete }),
      // a partial stem is useless: kill at once
      graceMs: 0,
      ...(signal && { signal }),
    });
  }

  /**
   * Encodes the same stretch of several stems as FLAC (24 bits), at once and at normal priority: somebody waits for it.
   * A stem may still grow after the stretch.
   */
  async encodeStretches(request: StretchRequest, options: SignalOption = {}): Promise<void> {
    await encodeStretches(this.program, request, options);
  }

  /**
   * Encodes a FLAC master as WAV or MP3 and passes the stream to `use`. Without an error, the stream is complete.
   * Removes its temporary file before it settles.
   */
  async transcode<T>(
    master: Master,
    format: Exclude<Format, typeof MASTER_FORMAT>,
    use: (encoded: Readable) => Promise<T>,
    options: SignalOption = {},
  ): Promise<T> {
    const transcodeTo = { mp3: transcodeToMp3, wav: transcodeToWav }[format];
    return transcodeTo(this.programs, master, use, options);
  }

  /**
   * Encodes some seconds of a master as MP3 of 128 kbit/s for listening on slow lines. A decoder gives them back 1,105
   * samples late.
   */
  async encodeLight(stretch: FlacStretch, options: SignalOption = {}): Promise<Buffer> {
    return encodeLight(this.programs, stretch, options);
  }

  /**
   * Adds up masters at the given levels; the caller closes the mix. With another speed or pitch, hits keep their pitch.
   * Otherwise, lossless formats are exact to one 24-bit step. Samples above full scale are clipped.
   */
  async mix(request: MixRequest, options: SignalOption = {}): Promise<RenderedMix> {
    return mixStems(this.programs, request, options);
  }

  /**
   * Decodes a song as the worker did into a 24-bit FLAC and passes the stream to `use`: sample-aligned with its stems.
   * @throws RangeError if its length differs from theirs
   */
  decodeOriginal<T>(song: SeparatedSong, use: (flac: Readable) => Promise<T>, options: SignalOption = {}): Promise<T> {
    return decodeOriginal(this.programs, song, use, options);
  }
}
