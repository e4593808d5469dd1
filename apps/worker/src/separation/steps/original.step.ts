import { join } from 'node:path';
import { MASTER_FORMAT } from '@app/separations';
import { measurePeak, NotFiniteError, readFlacSamples, type Ffmpeg } from '@app/audio';
import { dbToAmplitude, gainDbForPeak } from './decibels.js';
import type { DecodedMix } from './decode.step.js';
import { WrongStemsError } from './separation.errors.js';
import type { StepContext } from './step-context.js';

/** The decoded song as a lossless file in the scratch folder. */
export interface EncodedOriginal {
  readonly kind: 'original';
  readonly path: string;
  /** a whole number, 0 or below; its own: the stems may need another */
  readonly gainDb: number;
  /** of the decoded song, linear */
  readonly peak: number;
}

/**
 * Encodes the decoded song while the engine separates it. Nothing decodes the song again: another ffmpeg might not
 * decode the same samples.
 * @throws NotFiniteError
 */
export async function encodeOriginal(
  ffmpeg: Ffmpeg,
  mix: Pick<DecodedMix, 'path' | 'samples'>,
  { scratch, signal }: Pick<StepContext, 'scratch' | 'signal'>,
): Promise<EncodedOriginal> {
  const peak = await measurePeak(mix.path, signal);
  if (!Number.isFinite(peak)) throw new NotFiniteError();
  const gainDb = gainDbForPeak(peak);
  const path = join(scratch, 'original.flac');
  const destinations = { [MASTER_FORMAT]: path };
  await ffmpeg.encode({ wavPath: mix.path, gain: dbToAmplitude(gainDb), destinations }, { signal });
  const encoded = await readFlacSamples(path);
  if (encoded !== mix.samples) {
    throw new WrongStemsError(`the original has ${encoded} samples, but the song has ${mix.samples}`);
  }
  return { kind: 'original', path, gainDb, peak };
}
