import { createHash } from 'node:crypto';
import { computeWaveform } from '@app/audio';
import { objectKeys, type StoredRequest } from '@app/separations';
import type { GrowingStems } from '../growing-stems.js';
import { toAmplitude } from '../sound.js';

/** A small document to be stored under the key. */
export interface WaveformDocument {
  readonly key: string;
  readonly text: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Peaks of every stem, for drawing, read while they grow. Reads every stem file, and so proves its length. */
export async function drawWaveform(
  { id }: Pick<StoredRequest, 'id'>,
  stems: GrowingStems,
  signal: AbortSignal,
): Promise<WaveformDocument> {
  const paths = Object.fromEntries(stems.names.map((name) => [name, stems.pathOf(name)]));
  const { growth } = stems;
  const waveform = await computeWaveform(paths, { growth, signal, gain: () => toAmplitude(stems.gainDb) });
  const text = JSON.stringify(waveform);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { key: objectKeys.waveform(id), text, sha256, bytes: Buffer.byteLength(text) };
}
