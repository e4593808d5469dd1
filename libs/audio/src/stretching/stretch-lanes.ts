import {
  openStretcher,
  SampleQueue,
  StretchedSound,
  type Change,
  type SoundKind,
  type StretchLibrary,
  type Stereo,
} from '@app/stretch';
import { WORKING_RATE } from '../wav/working-format.js';

const SAMPLE_BYTES = 4;

/** Sounds of several kinds that are changed alike, and then added up. */
export interface Stretching {
  readonly kinds: readonly SoundKind[];
  readonly change: Change;
}

/**
 * Changes sounds that come interleaved, two channels of float32 for each kind, and gives their sum. Hits keep their
 * pitch: a snare that is transposed is another drum, and no part of a chord.
 */
export async function* stretchLanes(
  input: AsyncIterable<Buffer>,
  library: StretchLibrary,
  { kinds, change }: Stretching,
): AsyncGenerator<Buffer> {
  const lanes = kinds.map((kind) => new Lane(library, kind, change));
  const frameBytes = 2 * SAMPLE_BYTES * lanes.length;
  let rest = Buffer.alloc(0);
  for await (const chunk of input) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % frameBytes);
    rest = bytes.subarray(whole);
    const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + whole));
    lanes.forEach((lane, index) => {
      lane.push(pickChannels(samples, 2 * index, 2 * lanes.length));
    });
    const sum = addUp(lanes);
    if (sum.length > 0) yield sum;
  }
  for (const lane of lanes) lane.finish();
  yield addUp(lanes);
}

class Lane {
  private readonly sound: StretchedSound;
  private readonly left = new SampleQueue();
  private readonly right = new SampleQueue();

  constructor(library: StretchLibrary, kind: SoundKind, { speed, semitones }: Change) {
    this.sound = new StretchedSound({
      change: { speed, semitones: kind === 'hits' ? 0 : semitones },
      openStretcher: () => openStretcher(library, kind, WORKING_RATE),
    });
  }

  get length(): number {
    return this.left.length;
  }

  push(samples: Stereo): void {
    this.keep(this.sound.push(samples));
  }

  finish(): void {
    this.keep(this.sound.finish());
  }

  take(samples: number): Stereo {
    return [this.left.take(samples), this.right.take(samples)];
  }

  private keep(steps: readonly Stereo[]): void {
    for (const [left, right] of steps) {
      this.left.push(left);
      this.right.push(right);
    }
  }
}

function pickChannels(samples: Float32Array, first: number, channels: number): Stereo {
  const length = samples.length / channels;
  const pick = (channel: number): Float32Array =>
    Float32Array.from({ length }, (_, frame) => samples[frame * channels + channel] ?? 0);
  return [pick(first), pick(first + 1)];
}

/** The sum of what all lanes have, interleaved. */
function addUp(lanes: readonly Lane[]): Buffer {
  const count = Math.min(...lanes.map(({ length }) => length));
  const sum = new Float32Array(2 * count);
  for (const lane of lanes) {
    lane.take(count).forEach((channel, index) => {
      channel.forEach((sample, frame) => {
        const at = 2 * frame + index;
        sum[at] = (sum[at] ?? 0) + sample;
      });
    });
  }
  return Buffer.from(sum.buffer);
}
