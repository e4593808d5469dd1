import { UnknownTrackError, UnsupportedAudioError } from '../errors/audio.error.js';
import type { Mixing, TrackChoice } from './decode-arguments.js';
import type { Track } from './decode-log.js';

/** what `pan` can take */
const MAX_CHANNELS = 64;

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
 * @throws UnknownTrackError, UnsupportedAudioError
 */
export function chooseTrack(attempt: Attempt, wanted?: number): TrackChoice {
  const { tracks } = attempt;
  const flagged = tracks.findIndex(({ isDefault }) => isDefault) + 1;
  const track = wanted ?? Math.max(flagged, 1);
  const chosen = tracks[track - 1];
  if (chosen === undefined) {
    if (tracks.length > 0) throw new UnknownTrackError(track, tracks.length);
    return { track, mixing: attempt.mixing };
  }
  const mixing = chooseMixing(chosen, attempt);
  if (wanted === undefined && areSidesOfOneSong(attempt)) return { track: 1, right: 2, mixing };
  return { track, mixing };
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
