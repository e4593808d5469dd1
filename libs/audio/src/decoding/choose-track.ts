import { UnknownTrackError } from '../errors/audio.error.js';
import type { TrackChoice } from './decode-arguments.js';
import type { Track } from './decode-log.js';
import { allOnBothSides, keepAllSpeakers, type Mixing } from '../headers/speaker-shares.js';
import type { WavHeader } from '../wav/wav-header.js';

/** What an attempt found out. */
export interface Attempt {
  /** plays its tracks together; those of other containers are alternatives */
  readonly isQuickTime: boolean;
  readonly tracks: readonly Track[];
  /** ffmpeg mixed no sample: the speakers tell it nothing */
  readonly isUnmixed: boolean;
  /** what was decoded, counted from 1, and how */
  readonly track: number;
  readonly mixing: Mixing;
  /** its first frame, if one was decoded */
  readonly firstFrame: Pick<WavHeader, 'channels' | 'speakers'> | undefined;
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
  const mixing = chooseMixing(chosen, attempt, attempt.track === track);
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
function chooseMixing({ layout }: Track, { isUnmixed, firstFrame, mixing }: Attempt, isDecoded: boolean): Mixing {
  // a way that worked
  if (!isUnmixed && mixing !== 'speakers') return mixing;
  const { channels = 0, speakers = 0 } = firstFrame ?? {};
  const count = Number(/^(\d+) channels/.exec(layout)?.[1] ?? channels);
  if (count === 2 && layout.startsWith('2 channels')) return 'stereo';
  if (count <= 2) return 'speakers';
  if (isUnmixed) return allOnBothSides(count);
  return (isDecoded ? keepAllSpeakers(channels, speakers) : undefined) ?? 'speakers';
}
