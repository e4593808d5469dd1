import { mkdir } from 'node:fs/promises';
import { WORKING_RATE } from '@app/audio';
import type { StoredRequest } from '@app/separations';
import type { SeparatedMix } from '../../engine/engine.client.js';
import type { Engines } from '../../engine/engines.js';
import type { EngineResult } from '../../engine/protocol.js';
import { addEngineSpans } from './engine-spans.js';
import { WrongStemsError } from './separation.errors.js';
import type { StemFiles } from './stem-files.js';
import type { DecodedMix } from './decode.step.js';
import type { StepContext } from './step-context.js';

/**
 * Separates the mix into the stem files, and updates their progress.
 * @throws the errors of EngineClient.separate, or WrongStemsError if the result does not match the mix
 */
export async function separateMix(
  engine: Pick<Engines, 'separate'>,
  request: StoredRequest,
  mix: DecodedMix,
  stems: StemFiles,
  step: StepContext,
): Promise<SeparatedMix> {
  await mkdir(stems.folder, { recursive: true });
  const { id, requestId, model, overlap, shifts } = request;
  const result = await engine.separate(
    { id, requestId, input: mix.path, outputDir: stems.folder, model, stems: stems.names, overlap, shifts },
    {
      signal: step.signal,
      onProgress: (progress) => {
        stems.update(progress);
        step.progress.report('separate', progress.doneSamples, progress.totalSamples);
      },
    },
  );
  addEngineSpans(result, new Date());
  checkResult(result, stems);
  return result;
}

function checkResult(result: EngineResult, stems: StemFiles): void {
  const made = result.stems.map(({ name }) => name).sort();
  if (made.join() !== [...stems.names].sort().join()) {
    throw new WrongStemsError(`the engine made ${made.join(', ')} instead of ${stems.names.join(', ')}`);
  }
  const { total } = stems.written;
  const { samples, sampleRate } = result;
  if (samples !== total || sampleRate !== WORKING_RATE) {
    const expected = `${total} at ${WORKING_RATE} Hz`;
    throw new WrongStemsError(`the stems have ${samples} samples at ${sampleRate} Hz instead of ${expected}`);
  }
  if (result.gainDb !== stems.gainDb) {
    throw new WrongStemsError(`the stems need a gain of ${result.gainDb} dB, but were encoded with ${stems.gainDb} dB`);
  }
}
