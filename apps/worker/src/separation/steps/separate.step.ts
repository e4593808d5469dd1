import { mkdir } from 'node:fs/promises';
import type { StoredRequest } from '@app/separations';
import type { EngineClient, SeparatedMix } from '../../engine/engine.client.js';
import type { EngineResult } from '../../engine/protocol.js';
import type { GrowingStems } from '../growing-stems.js';
import { WrongStemsError } from '../separation.errors.js';
import { SAMPLE_RATE } from '../sound.js';
import type { DecodedMix } from './decode.step.js';
import type { StepContext } from './step-context.js';

const STALL_BASE_MS = 60_000;
/** an engine reads the whole mix before its first segment, and a slow machine takes long for one */
const STALL_MS_PER_SECOND_OF_SONG = 100;

/**
 * Separates the mix into the stem files, and tells them how far they are.
 * @throws what EngineClient.separate throws, and WrongStemsError when the result does not fit the mix.
 */
export async function separateMix(
  engine: EngineClient,
  request: StoredRequest,
  mix: DecodedMix,
  stems: GrowingStems,
  step: StepContext,
): Promise<SeparatedMix> {
  await mkdir(stems.folder, { recursive: true });
  const { id, requestId, model, overlap, shifts } = request;
  const result = await engine.separate(
    { id, requestId, input: mix.path, outputDir: stems.folder, model, stems: stems.names, overlap, shifts },
    {
      signal: step.signal,
      stallMs: STALL_BASE_MS + (mix.samples / SAMPLE_RATE) * STALL_MS_PER_SECOND_OF_SONG,
      onProgress: (progress) => {
        stems.take(progress);
        step.progress.measured('separate', progress.doneSamples, progress.totalSamples);
      },
    },
  );
  checkResult(result, stems);
  return result;
}

function checkResult(result: EngineResult, stems: GrowingStems): void {
  const made = result.stems.map(({ name }) => name).sort();
  if (made.join() !== [...stems.names].sort().join()) {
    throw new WrongStemsError(`the engine made ${made.join(', ')} where ${stems.names.join(', ')} were wanted`);
  }
  const { total } = stems.growth;
  if (result.samples !== total || result.sampleRate !== SAMPLE_RATE) {
    throw new WrongStemsError(`the stems have ${result.samples} samples and the song has ${total}`);
  }
  if (result.gainDb !== stems.gainDb) {
    throw new WrongStemsError(`the stems need a gain of ${result.gainDb} dB and were encoded with ${stems.gainDb} dB`);
  }
}
