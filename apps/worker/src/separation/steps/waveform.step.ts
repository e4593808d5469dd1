import { createHash } from 'node:crypto';
import { computeWaveform } from '@app/audio';
import { objectKeys, type StoredRequest } from '@app/separations';
import { dbToAmplitude } from './decibels.js';
import type { StemFiles } from './stem-files.js';

/** The waveform, to be stored under the key. */
export interface WaveformDocument {
  readonly key: string;
  readonly text: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Draws the peaks of every stem as it grows. Reads every stem file to its end, which checks its length. */
export async function drawWaveform(
  { id }: Pick<StoredRequest, 'id'>,
  stems: StemFiles,
  signal: AbortSignal,
): Promise<WaveformDocument> {
  const paths = Object.fromEntries(stems.names.map((name) => [name, stems.pathOf(name)]));
  const { written } = stems;
  const waveform = await computeWaveform(paths, { written, signal, gain: () => dbToAmplitude(stems.gainDb) });
  const text = JSON.stringify(waveform);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { key: objectKeys.waveform(id, sha256), text, sha256, bytes: Buffer.byteLength(text) };
}
