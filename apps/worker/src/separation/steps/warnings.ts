import { DEMO_MODEL, type StoredRequest } from '@app/separations';
import { WORKING_RATE, type Damage } from '@app/audio';
import type { EngineResult } from '../../engine/protocol.js';
import type { DecodedMix } from './decode.step.js';

/** encoders pad and containers round: a smaller difference is not a loss */
const MIN_LOST_SECONDS = 0.5;
const MIN_LOST_SHARE = 0.01;
/** faults this close to silence that we put in are told with it */
const SAME_FAULT_SECONDS = 1;
/** a song that is damaged throughout needs no longer list */
const MAX_DAMAGE_WARNINGS = 10;
/** full-size models stay far below */
const MAX_RESIDUAL_DB = -10;
const MAX_RESIDUAL_DB_OF_DEMO = -2;

/** Warnings for the owner of the song; usually none. */
export function findWarnings(work: {
  readonly request: Pick<StoredRequest, 'durationSeconds'>;
  readonly mix: Pick<DecodedMix, 'samples' | 'declaredSeconds' | 'damage'>;
  readonly separated: Pick<EngineResult, 'model' | 'residualDb'>;
}): string[] {
  const { request, mix, separated } = work;
  // the length at upload, or a longer one in the header of a truncated song
  const expected = Math.max(request.durationSeconds, mix.declaredSeconds ?? 0);
  return [...warnOfLostAudio(expected, mix.samples), ...warnOfDamage(mix.damage), ...warnOfResidual(separated)];
}

function warnOfDamage({ losses, faultsAt, isAltered, lostParts }: Damage): string[] {
  const lost = losses.map(({ atSeconds, seconds }) => ({
    at: atSeconds,
    text: `Damaged at ${timeOf(atSeconds)}: ${seconds.toFixed(3)} s could not be decoded and are silent.`,
  }));
  const isTold = (at: number, told: readonly { readonly at: number }[]): boolean =>
    told.some((other) => Math.abs(other.at - at) < SAME_FAULT_SECONDS);
  const faults: { at: number; text: string }[] = [];
  for (const at of faultsAt) {
    const isNew = !isTold(at, lost) && !isTold(at, faults);
    if (isNew) faults.push({ at, text: `Damaged near ${timeOf(at)}: the decoder found errors there.` });
  }
  const all = [...lost, ...faults].sort((one, other) => one.at - other.at).map(({ text }) => text);
  const more = all.length - MAX_DAMAGE_WARNINGS;
  return [
    ...all.slice(0, MAX_DAMAGE_WARNINGS),
    ...(more > 0 ? [`The song is damaged in ${more} more places.`] : []),
    ...(isAltered ? ['The song differs from the checksum in its own header: it changed after it was encoded.'] : []),
    ...(lostParts > 0 ? [`Parts of the file that could not be decoded and are missing: ${lostParts}.`] : []),
  ];
}

/** minutes and seconds */
function timeOf(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(1).padStart(4, '0')}`;
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
