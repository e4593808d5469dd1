// every use of ffmpeg, hardened: inspects songs, decodes them, encodes stems, and draws waveforms.
// the only lib that starts ffmpeg.
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
export { Ffmpeg, type EncodeRequest } from './ffmpeg/ffmpeg.js';
export { resolveFfmpeg } from './ffmpeg/ffmpeg-path.js';
export { readFlacSamples } from './ffmpeg/flac-samples.js';
export type { Master } from './ffmpeg/transcode.js';
export type { MixLane, RenderedMix } from './ffmpeg/mix.js';
export type { DecodedInput } from './ffmpeg/original.js';
export { computeWaveform, type WaveformOptions } from './wav/waveform.js';
export { Growth } from './wav/growth.js';
export type { FollowOptions } from './wav/float-wav.js';
