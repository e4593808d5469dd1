import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredRequest } from '@app/separations';
import type { EngineClient, SeparatedMix } from '../../engine/engine.client.js';
import type { EngineResult } from '../../engine/protocol.js';
import { WrongStemsError } from '../separation.errors.js';
import { SAMPLE_RATE } from '../sound.js';
import type { DecodedMix } from './decode.step.js';
import type { StepContext } from './step-context.js';

const STALL_BASE_MS = 60_000;
/** an engine reads the whole mix before its first segment, and a slow machine takes long for one */
const STALL_MS_PER_SECOND_OF_SONG = 100;

/** @throws what EngineClient.separate throws, and WrongStemsError when the result does not fit the mix. */
export async function separateMix(
  engine: EngineClient,
  request: StoredRequest,
  mix: DecodedMix,
  step: StepContext,
): Promise<SeparatedMix> {
  const outputDir = join(step.scratch, 'stems');
  await mkdir(outputDir, { recursive: true });
  const { id, requestId, model, stems, overlap, shifts } = request;
  const result = await engine.separate(
    { id, requestId, input: mix.path, outputDir, model, stems, overlap, shifts },
    {
      signal: step.signal,
      stallMs: STALL_BASE_MS + (mix.samples / SAMPLE_RATE) * STALL_MS_PER_SECOND_OF_SONG,
      onProgress: ({ doneSamples, totalSamples }) => {
        step.progress.measured('separate', doneSamples, totalSamples);
      },
    },
  );
  checkResult(result, request, mix);
  return result;
}

function checkResult(result: EngineResult, request: StoredRequest, mix: DecodedMix): void {
  const made = result.stems.map(({ name }) => name).sort();
  if (made.join() !== [...request.stems].sort().join()) {
    throw new WrongStemsError(`the engine made ${made.join(', ')} where ${request.stems.join(', ')} were wanted`);
  }
  if (result.samples !== mix.samples || result.sampleRate !== SAMPLE_RATE) {
    throw new WrongStemsError(`the stems have ${result.samples} samples and the song has ${mix.samples}`);
  }
}
