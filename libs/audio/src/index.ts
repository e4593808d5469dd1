// every use of ffmpeg, hardened: inspects songs, decodes them, encodes stems, and draws waveforms.
// the only lib that starts ffmpeg.
export {
  AudioError,
  DurationLimitError,
  EmptyAudioError,
  FfmpegNotFoundError,
  FfmpegUnavailableError,
  NoAudioError,
  NotFiniteError,
  TooCostlyError,
  UndecodableAudioError,
  UnknownTrackError,
  UnsupportedAudioError,
} from './errors/audio.error.js';
export type { Damage, DecodedSong } from './decoding/decode.js';
export { Ffmpeg } from './ffmpeg.js';
export { readFlacSamples } from './songs/flac-stream-info.js';
export type { AudioFacts } from './decoding/inspect.js';
export type { MixRequest } from './encoding/mix.js';
export type { MixLane } from './encoding/mix-graph.js';
export { resolveFfmpeg } from './resolve-ffmpeg.js';
export { bufferSource } from './sources/buffer-source.js';
export { fileSource } from './sources/file-source.js';
export { ScratchError } from './sources/temporary-file.js';
export type { SeekableSource } from './sources/seekable-source.js';
export { measurePeak } from './wav/peak.js';
export { computeWaveform } from './wav/waveform.js';
export { WORKING_CHANNELS, WORKING_RATE } from './wav/working-format.js';
export { WriteProgress } from './wav/write-progress.js';
