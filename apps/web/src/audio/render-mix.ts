import type { LaneLevel } from './mix-core.js';
import { MixCore } from './mix-core.js';
import { SAMPLE_RATE, type StemSource } from './stem-source.js';
import { toPcm, wavHeader } from './wav-file.js';

export interface RenderedMix {
  readonly file: Blob;
  /** samples that were too loud for the file and are cut off */
  readonly clipped: number;
}

export interface RenderOptions {
  readonly signal: AbortSignal;
  /** @param share 0 to 1 */
  readonly onProgress: (share: number) => void;
}

/** samples rendered at once, about three seconds */
const BLOCK = 131_072;

/**
 * The whole mix as a WAV file (16 bit, stereo): the sum of the lanes by their levels, which is what is heard.
 * Only a few segments are in memory at a time, and the file, which the browser may keep on disk.
 */
export async function renderMix(
  sources: readonly StemSource[],
  levels: readonly LaneLevel[],
  { signal, onProgress }: RenderOptions,
): Promise<RenderedMix> {
  const heard = sources.flatMap((source, lane) => {
    const level = levels[lane];
    return level !== undefined && (level.left !== 0 || level.right !== 0) ? [{ source, level }] : [];
  });
  const samples = Math.max(...sources.map((source) => source.samples));
  const core = new MixCore(
    heard.map(({ source }) => source.segmentSamples),
    samples,
  );
  heard.forEach(({ level }, lane) => {
    core.setLevel(lane, level);
  });
  core.settle();
  const parts: Blob[] = [new Blob([wavHeader(samples, SAMPLE_RATE)])];
  let clipped = 0;
  for (let at = 0; at < samples; at += BLOCK) {
    const length = Math.min(BLOCK, samples - at);
    await Promise.all(heard.map(({ source }, lane) => load(core, lane, source, { from: at, to: at + length, signal })));
    const [left, right] = [new Float32Array(length), new Float32Array(length)];
    core.mix(at, left, right);
    const block = toPcm(left, right);
    clipped += block.clipped;
    parts.push(new Blob([block.pcm]));
    onProgress((at + length) / samples);
  }
  return { file: new Blob(parts, { type: 'audio/wav' }), clipped };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

async function load(core: MixCore, lane: number, source: StemSource, { from, to, signal }: Stretch): Promise<void> {
  const { segmentSamples } = source;
  const wanted: number[] = [];
  for (let index = Math.floor(from / segmentSamples); index * segmentSamples < to; index += 1) wanted.push(index);
  core.keep(lane, wanted);
  for (const index of wanted) {
    if (!core.hasSegment(lane, index)) core.add(lane, index, await source.segment(index, signal));
  }
}
