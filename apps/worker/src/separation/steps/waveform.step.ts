import { createHash } from 'node:crypto';
import { computeWaveform } from '@app/audio';
import { objectKeys, type StoredRequest } from '@app/separations';
import type { EngineResult } from '../../engine/protocol.js';
import { WrongStemsError } from '../separation.errors.js';
import type { StepContext } from './step-context.js';

/** A small document to be stored under the key. */
export interface WaveformDocument {
  readonly key: string;
  readonly text: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Peaks of every stem, for drawing. Reads every stem file, and so proves its length. @throws WrongStemsError */
export async function drawWaveform(
  request: StoredRequest,
  separated: EngineResult,
  step: StepContext,
): Promise<WaveformDocument> {
  const paths = Object.fromEntries(separated.stems.map(({ name, path }) => [name, path]));
  const waveform = await computeWaveform(paths, { gain: separated.gain, signal: step.signal });
  if (waveform.samples !== separated.samples) {
    throw new WrongStemsError(`a stem file has ${waveform.samples} samples and the song has ${separated.samples}`);
  }
  const text = JSON.stringify(waveform);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { key: objectKeys.waveform(request.id), text, sha256, bytes: Buffer.byteLength(text) };
}
