import { UnsupportedAudioError } from '../errors/audio.error.js';
import type { Mixing, TrackChoice } from './decode-arguments.js';
import type { Track } from './decode-log.js';

/** what `pan` can take */
const MAX_CHANNELS = 64;

/** What ffmpeg decodes when it is told nothing: the choice for a file with one track. */
export const FIRST_TRACK: TrackChoice = { stream: 'a:0', mixing: 'speakers' };

/** What an attempt found out. */
export interface Attempt {
  /** plays its tracks together; those of other containers are alternatives */
  readonly isQuickTime: boolean;
  readonly tracks: readonly Track[];
  /** ffmpeg mixed no sample: the speakers tell it nothing */
  readonly isUnmixed: boolean;
  readonly mixing: Mixing;
  /** channels of the first frame, if one was decoded */
  readonly channels: number | undefined;
}

/**
 * Chooses a track and how to mix it: the wanted one, else the one that the file flags, else the first.
 * @param wanted counted from 1
 * @throws UnsupportedAudioError
 */
export function chooseTrack(attempt: Attempt, wanted?: number): TrackChoice {
  const { tracks } = attempt;
  const track = wanted === undefined ? (tracks.find(({ isDefault }) => isDefault) ?? tracks[0]) : tracks[wanted - 1];
  if (track === undefined) {
    if (wanted === undefined) return FIRST_TRACK;
    throw new UnsupportedAudioError(`The file has no audio track ${wanted}: it has ${tracks.length}.`);
  }
  const mixing = chooseMixing(track, attempt);
  const [left, right] = tracks;
  const isPair = wanted === undefined && left && right && areSidesOfOneSong(attempt);
  if (isPair === true) return { stream: String(left.index), right: String(right.index), mixing };
  return { stream: tracks[0] === track ? FIRST_TRACK.stream : String(track.index), mixing };
}

/** Field recorders write a QuickTime file with a mono track for each microphone. */
function areSidesOfOneSong({ isQuickTime, tracks }: Attempt): boolean {
  const [left, right, ...others] = tracks;
  if (!isQuickTime || left === undefined || right === undefined || others.length > 0) return false;
  // some writers flag the first track alone; a flag on the second is a choice
  if (right.isDefault && !left.isDefault) return false;
  const isAlike =
    left.codec === right.codec && left.sampleRate === right.sampleRate && left.language === right.language;
  return isAlike && left.layout === 'mono' && right.layout === 'mono' && left.startSeconds === right.startSeconds;
}

/** Two channels are left and right, whatever speakers they are for. */
function chooseMixing({ layout }: Track, { isUnmixed, channels, mixing }: Attempt): Mixing {
  // a way that worked
  if (!isUnmixed && mixing !== 'speakers') return mixing;
  const count = Number(/^(\d+) channels/.exec(layout)?.[1] ?? channels ?? 0);
  if (count === 2 && layout.startsWith('2 channels')) return 'stereo';
  if (!isUnmixed || count <= 2) return 'speakers';
  return allOnBothSides(count);
}

/** @throws UnsupportedAudioError */
export function allOnBothSides(channels: number): Mixing {
  if (channels > MAX_CHANNELS) {
    throw new UnsupportedAudioError(`The song has ${channels} channels; at most ${MAX_CHANNELS} can be mixed.`);
  }
  return { all: channels };
}
