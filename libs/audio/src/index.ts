// every use of ffmpeg, hardened: what a song is, its working WAV, the formats of a stem; and the peaks to draw.
// the only place that starts ffmpeg.
export {
  AudioError,
  DurationLimitError,
  EmptyAudioError,
  FfmpegNotFoundError,
  NoAudioError,
  NotFiniteError,
} from './audio.error.js';
export type { AudioFacts, AudioSource, DecodedSong, SeekableSource } from './audio-facts.js';
export type { LimitOptions, SignalOption } from './call-options.js';
export { Ffmpeg, type EncodeRequest } from './ffmpeg.js';
export { resolveFfmpeg } from './ffmpeg-path.js';
export { CONTENT_TYPES } from './content-types.js';
export type { Master } from './transcode.js';
export type { MixLane, RenderedMix } from './mix.js';
export type { DecodedInput } from './original.js';
export { computeWaveform, type Waveform, type WaveformOptions } from './waveform.js';
export { hashFile, type FileDigest } from './hash-file.js';
export { Growth } from './growth.js';
export type { FollowOptions } from './float-wav.js';
