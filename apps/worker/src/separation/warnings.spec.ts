import { describe, expect, it } from '@jest/globals';
import { findWarnings } from './warnings.js';

describe(findWarnings.name, () => {
  const warn = (announced: number, decoded: number, residualDb: number | null, model = 'htdemucs'): string[] =>
    findWarnings({
      request: { durationSeconds: announced },
      mix: { samples: decoded * 44_100, announcedSeconds: undefined },
      separated: { model, residualDb },
    });

  it('says nothing of a usual separation', () => {
    expect(warn(60, 60, -25)).toEqual([]);
    expect(warn(60, 59.7, null)).toEqual([]);
  });

  it('says how much of a damaged song was decoded', () => {
    expect(warn(60, 40, -25)).toEqual(['The song is damaged or cut off: 40.0 s of 60.0 s could be decoded.']);
  });

  it('says when the stems do not add up as the model usually makes them', () => {
    expect(warn(60, 60, -5)).toEqual([expect.stringContaining('-5.0 dB')]);
    expect(warn(60, 60, -5, 'demo')).toEqual([]);
  });
});
