import { describe, expect, it } from '@jest/globals';
import { WORKING_RATE, type Damage } from '@app/audio';
import { findWarnings } from './warnings.js';

const INTACT: Damage = { losses: [], faultsAt: [], isAltered: false, lostParts: 0 };

describe(findWarnings.name, () => {
  const decoded = (seconds: number, uploadedSeconds: number, declaredSeconds?: number): string[] =>
    findWarnings({
      request: { durationSeconds: uploadedSeconds },
      mix: { samples: seconds * WORKING_RATE, declaredSeconds, damage: INTACT },
      separated: { model: 'htdemucs', residualDb: null },
    });
  const residual = (residualDb: number | null, model: string): string[] =>
    findWarnings({
      request: { durationSeconds: 60 },
      mix: { samples: 60 * WORKING_RATE, declaredSeconds: undefined, damage: INTACT },
      separated: { model, residualDb },
    });

  it.each([
    ['decoded as uploaded', 60, 60],
    ['decoded longer', 61, 60],
    ['lost 0.5 s', 9.5, 10],
    ['lost 1 %', 198, 200],
  ])('does not warn of a song that %s', (_what, seconds, uploadedSeconds) => {
    expect(decoded(seconds, uploadedSeconds)).toEqual([]);
  });

  it.each([
    ['lost more than 0.5 s', 9.4, 10, undefined, '9.4 s of 10.0 s'],
    ['lost more than 1 %', 197, 200, undefined, '197.0 s of 200.0 s'],
    ['was truncated before the upload', 40, 40, 60, '40.0 s of 60.0 s'],
  ])('warns of a song that %s', (_what, seconds, uploadedSeconds, declaredSeconds, lengths) => {
    expect(decoded(seconds, uploadedSeconds, declaredSeconds)).toEqual([
      `The song is damaged or truncated: only ${lengths} could be decoded.`,
    ]);
  });

  it.each([
    ['htdemucs', -9.9, 1],
    ['htdemucs', -10, 0],
    ['demo', -1.9, 1],
    ['demo', -2, 0],
    ['htdemucs', null, 0],
  ])('judges the residual by the model: %s, %p dB, %i warnings', (model, residualDb, count) => {
    const warnings = residual(residualDb, model);
    expect(warnings).toHaveLength(count);
    expect(warnings.every((warning) => warning.includes(`${residualDb?.toFixed(1) ?? ''} dB`))).toBe(true);
  });

  const damaged = (damage: Partial<Damage>): string[] =>
    findWarnings({
      request: { durationSeconds: 200 },
      mix: { samples: 200 * WORKING_RATE, declaredSeconds: undefined, damage: { ...INTACT, ...damage } },
      separated: { model: 'htdemucs', residualDb: null },
    });

  it('tells where a song is damaged, once for each place, in order', () => {
    const losses = [{ atSeconds: 125.25, seconds: 2.0375 }];
    expect(damaged({ losses, faultsAt: [3, 3.2, 125.9] })).toEqual([
      'Damaged near 0:03.0: the decoder found errors there.',
      'Damaged at 2:05.3: 2.038 s could not be decoded and are silent.',
    ]);
  });

  it('lists ten places, and counts the others', () => {
    const warnings = damaged({ faultsAt: Array.from({ length: 25 }, (_, at) => at * 5) });
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toBe('The song is damaged in 15 more places.');
  });

  it('tells of a digest that does not match, and of parts that are missing', () => {
    expect(damaged({ isAltered: true, lostParts: 1 })).toEqual([
      expect.stringContaining('checksum in its own header'),
      expect.stringContaining('missing: 1.'),
    ]);
  });
});
