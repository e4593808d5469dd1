import { describe, expect, it } from '@jest/globals';
import { canonicalJson, isSeparationId, separationId, sortStems, type SeparationIdentity } from './index.js';

const identity: SeparationIdentity = {
  inputSha256: 'a'.repeat(64),
  model: 'htdemucs',
  weights: '955717e8',
  stems: ['vocals', 'drums'],
  overlap: 0.25,
  shifts: 0,
  owner: null,
};

describe(separationId.name, () => {
  it('is the same for the same song and options, whatever the order of the keys', () => {
    const reversed = Object.fromEntries(Object.entries(identity).reverse()) as unknown as SeparationIdentity;
    expect(separationId(reversed)).toBe(separationId(identity));
  });

  it('has a fixed value, because stored separations are found by it', () => {
    expect(separationId(identity)).toBe('sep_b9bbd60c5f545ba3dfb445126fd92a3d');
  });

  it.each<[string, Partial<SeparationIdentity>]>([
    ['song', { inputSha256: 'b'.repeat(64) }],
    ['model', { model: 'demo' }],
    ['weights', { weights: 'other' }],
    ['stems', { stems: ['vocals'] }],
    ['overlap', { overlap: 0.1 }],
    ['shifts', { shifts: 1 }],
    ['owner', { owner: 'ann' }],
  ])('differs with the %s', (_what, change) => {
    expect(separationId({ ...identity, ...change })).not.toBe(separationId(identity));
  });

  it('ignores what does not name it, such as formats', () => {
    expect(separationId({ ...identity, formats: ['mp3'] } as SeparationIdentity)).toBe(separationId(identity));
  });
});

describe(isSeparationId.name, () => {
  it.each(['sep_', 'sep_' + 'A'.repeat(32), `sep_${'a'.repeat(32)}/..`, 7, undefined])('refuses %p', (value) => {
    expect(isSeparationId(value)).toBe(false);
  });
});

describe(sortStems.name, () => {
  it('gives one order and drops repeats', () => {
    expect(sortStems(['other', 'vocals', 'bass', 'vocals', 'theremin'])).toEqual([
      'vocals',
      'bass',
      'other',
      'theremin',
    ]);
  });
});

describe(canonicalJson.name, () => {
  it('sorts keys at every depth and keeps the order of arrays', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], a: 'x', gone: undefined })).toBe('{"a":"x","b":[{"a":null,"z":1}]}');
  });

  it('refuses what JSON would silently change', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
  });
});
