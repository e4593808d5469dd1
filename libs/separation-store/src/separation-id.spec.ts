import { describe, expect, it } from '@jest/globals';
import { separationIdentitySchema, type SeparationIdentity } from '@app/separations';
import { canonicalJson } from './canonical-json.js';
import { separationId } from './separation-id.js';

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
  it('ignores the order of the keys', () => {
    const reversed = Object.fromEntries(Object.entries(identity).reverse()) as unknown as SeparationIdentity;
    expect(separationId(reversed)).toBe(separationId(identity));
  });

  it('never changes: stored separations are found by it', () => {
    expect(separationId(identity)).toBe('sep_b9bbd60c5f545ba3dfb445126fd92a3d');
  });

  it.each(Object.keys(separationIdentitySchema.shape))('changes with %s', (field) => {
    const other = { ...identity, [field]: 'something else' } as SeparationIdentity;
    expect(separationId(other)).not.toBe(separationId(identity));
  });

  it('ignores fields that do not name it, such as formats', () => {
    expect(separationId({ ...identity, formats: ['mp3'] } as SeparationIdentity)).toBe(separationId(identity));
  });
});

describe(canonicalJson.name, () => {
  it('writes booleans, and numbers as JSON does', () => {
    expect(canonicalJson([true, false, 0, -1.5])).toBe('[true,false,0,-1.5]');
  });

  it('sorts keys at every depth and keeps the order of arrays', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], a: 'x', gone: undefined })).toBe('{"a":"x","b":[{"a":null,"z":1}]}');
  });

  it('refuses values that JSON would silently change', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
  });
});
