import { DEMO_MODEL, type StoredRequest } from '@app/separations';
import { WORKING_RATE } from '@app/audio';
import type { EngineResult } from '../../engine/protocol.js';
import type { DecodedMix } from './decode.step.js';

/** encoders pad and containers round: a smaller difference is not a loss */
const MIN_LOST_SECONDS = 0.5;
const MIN_LOST_SHARE = 0.01;
/** full-size models stay far below */
const MAX_RESIDUAL_DB = -10;
const MAX_RESIDUAL_DB_OF_DEMO = -2;

/** Warnings for the owner of the song; usually none. */
export function findWarnings(work: {
  readonly request: Pick<StoredRequest, 'durationSeconds'>;
  readonly mix: Pick<DecodedMix, 'samples' | 'declaredSeconds'>;
  readonly separated: Pick<EngineResult, 'model' | 'residualDb'>;
}): string[] {
  const { request, mix, separated } = work;
  // the length at upload, or a longer one in the header of a truncated song
  const expected = Math.max(request.durationSeconds, mix.declaredSeconds ?? 0);
  return [...warnOfLostAudio(expected, mix.samples), ...warnOfResidual(separated)];
}

function warnOfLostAudio(expectedSeconds: number, samples: number): string[] {
  const seconds = samples / WORKING_RATE;
  const lost = expectedSeconds - seconds;
  if (lost <= MIN_LOST_SECONDS || lost <= expectedSeconds * MIN_LOST_SHARE) return [];
  const [decoded, expected] = [seconds.toFixed(1), expectedSeconds.toFixed(1)];
  return [`The song is damaged or truncated: only ${decoded} s of ${expected} s could be decoded.`];
}

function warnOfResidual({ model, residualDb }: Pick<EngineResult, 'model' | 'residualDb'>): string[] {
  const limit = model === DEMO_MODEL ? MAX_RESIDUAL_DB_OF_DEMO : MAX_RESIDUAL_DB;
  if (residualDb === null || residualDb <= limit) return [];
  return [`The stems add up to the song less closely than usual: the residual is ${residualDb.toFixed(1)} dB.`];
}
