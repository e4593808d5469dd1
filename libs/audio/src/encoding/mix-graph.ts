import type { SoundKind } from '@app/stretch';
import type { SeekableSource } from '../sources/seekable-source.js';

/** One stored master in a mix. */
export interface MixLane {
  readonly source: SeekableSource;
  readonly kind: SoundKind;
  /** linear levels of its two channels, 0 to 2 */
  readonly left: number;
  readonly right: number;
}

const MAX_LEVEL = 2;

/** Applies the levels and adds up in float32; `normalize=0` keeps amix from lowering the sum. */
export function sumGraph(lanes: readonly MixLane[], output: string): string {
  return [...lanes.map(levelOf), `${sumOf(lanes, () => true)}${output}`].join(';');
}

/** The sum of each kind of sound, two channels for each, in the order of `kinds`. */
export function kindsGraph(lanes: readonly MixLane[], kinds: readonly SoundKind[], output: string): string {
  const sums = kinds.map((kind) => `${sumOf(lanes, (lane) => lane.kind === kind)}[${kind}]`);
  const all = kinds.map((kind) => `[${kind}]`).join('');
  const joined = kinds.length === 1 ? `${all}anull` : `${all}amerge=inputs=${kinds.length}`;
  return [...lanes.map(levelOf), ...sums, `${joined}${output}`].join(';');
}

function levelOf({ left, right }: MixLane, lane: number): string {
  return `[${lane}:a:0]aformat=sample_fmts=fltp,pan=stereo|c0=${factor(left)}*c0|c1=${factor(right)}*c1[l${lane}]`;
}

function sumOf(lanes: readonly MixLane[], isIn: (lane: MixLane) => boolean): string {
  const ends = lanes.flatMap((lane, index) => (isIn(lane) ? [`[l${index}]`] : []));
  return `${ends.join('')}amix=inputs=${ends.length}:normalize=0`;
}

/** fixed-point: ffmpeg does not parse 1e-7 */
function factor(level: number): string {
  if (!(level >= 0 && level <= MAX_LEVEL)) throw new RangeError(`a level must be 0 to ${MAX_LEVEL}, not ${level}`);
  return level.toFixed(6);
}
