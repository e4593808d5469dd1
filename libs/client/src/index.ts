// the client of the HTTP API, for browsers and Node. It is published as an npm package: it imports nothing of ours.
export { ApiError, ConnectionError, UnreadableSongError, UnsafeNameError, isRetryable } from './errors.js';
export { paths, type Format } from './paths.js';
export { SeparationClient, type ListOptions } from './separation-client.js';
export type { CallOptions, ClientOptions } from './caller.js';
export { hasEnded, type FollowOptions } from './events/follow.js';
export type { Song, UploadOptions } from './upload/song.js';
export type { SeparationOptions } from './upload/upload.js';
export type {
  Analysis,
  Model,
  ModelList,
  OwnEdit,
  Preview,
  PreviewBlock,
  Problem,
  Receipt,
  Separation,
  SeparationPage,
  SeparationStatus,
  Waveform,
} from './types.js';
