import type { StoredRequest } from '@app/separations';
import type { EngineResult } from '../engine/protocol.js';
import { SAMPLE_RATE } from './sound.js';
import type { DecodedMix } from './steps/decode.step.js';

/** encoders pad, and containers round: less than this is no loss */
const LOST_SECONDS = 0.5;
const LOST_SHARE = 0.01;
/** full-size models leave far less than this of the mix unexplained */
const USUAL_RESIDUAL_DB = -10;
/** the tiny demo model leaves more */
const USUAL_RESIDUAL_DB_OF_DEMO = -2;

/** What the owner of the song should know about its separation, in plain sentences; none in the usual case. */
export function findWarnings(work: {
  readonly request: Pick<StoredRequest, 'durationSeconds'>;
  readonly mix: Pick<DecodedMix, 'samples' | 'announcedSeconds'>;
  readonly separated: Pick<EngineResult, 'model' | 'residualDb'>;
}): string[] {
  const { request, mix, separated } = work;
  // what was there at the upload, or what the song itself says where it was cut off before
  const announced = Math.max(request.durationSeconds, mix.announcedSeconds ?? 0);
  return [...warnOfLostSound(announced, mix.samples), ...warnOfResidual(separated)];
}

function warnOfLostSound(announcedSeconds: number, samples: number): string[] {
  const seconds = samples / SAMPLE_RATE;
  const lost = announcedSeconds - seconds;
  if (lost <= LOST_SECONDS || lost <= announcedSeconds * LOST_SHARE) return [];
  const [decoded, announced] = [seconds.toFixed(1), announcedSeconds.toFixed(1)];
  return [`The song is damaged or cut off: ${decoded} s of ${announced} s could be decoded.`];
}

function warnOfResidual({ model, residualDb }: Pick<EngineResult, 'model' | 'residualDb'>): string[] {
  const usual = model === 'demo' ? USUAL_RESIDUAL_DB_OF_DEMO : USUAL_RESIDUAL_DB;
  if (residualDb === null || residualDb <= usual) return [];
  return [`The stems add up to the song less well than usual: the residual is ${residualDb.toFixed(1)} dB.`];
}
