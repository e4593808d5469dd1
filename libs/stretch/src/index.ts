// changes the speed and the pitch of a sound. Browsers load it too: it imports nothing.
export { findStretchLibrary, type StretchLibrary } from './library.js';
export { SampleQueue } from './sample-queue.js';
export {
  openStretcher,
  StretchedSound,
  type Change,
  type SoundKind,
  type StretchedSoundOptions,
} from './stretched-sound.js';
export { Stretcher, type Stereo, type StretcherOptions } from './stretcher.js';
