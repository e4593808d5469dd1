import { describe, expect, it } from '@jest/globals';
import { WORKING_RATE } from '@app/audio';
import { findWarnings } from './warnings.js';

describe(findWarnings.name, () => {
  const decoded = (seconds: number, uploadedSeconds: number, declaredSeconds?: number): string[] =>
    findWarnings({
      request: { durationSeconds: uploadedSeconds },
      mix: { samples: seconds * WORKING_RATE, declaredSeconds },
      separated: { model: 'htdemucs', residualDb: null },
    });
  const residual = (residualDb: number | null, model: string): string[] =>
    findWarnings({
      request: { durationSeconds: 60 },
      mix: { samples: 60 * WORKING_RATE, declaredSeconds: undefined },
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
});
