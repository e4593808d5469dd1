import { describe, expect, it } from '@jest/globals';
import { FAILURE_CODES, InvalidDocumentError, parseManifest, parseStoredRequest } from '../index.js';
import { MANIFEST, REQUEST } from './stored-documents.fixture.js';

/** Names of libraries are data, not fields of the contract. */
const OPEN = ['engine.libraries.torch', 'engine.libraries.demucs'];

/** The path of every field, such as `stems.0.key`. */
function fieldsOf(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const inner = [...path, key];
    return [...(Array.isArray(value) ? [] : [inner.join('.')]), ...fieldsOf(member, inner)];
  });
}

/** The document with one field changed; `undefined` removes it. */
function changed(document: object, path: string, value: unknown): string {
  const copy = structuredClone(document);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let owner = copy as Record<string, unknown>;
  for (const key of keys) owner = owner[key] as Record<string, unknown>;
  owner[last] = value;
  return JSON.stringify(copy);
}

describe.each([
  ['request.json', parseStoredRequest, REQUEST],
  ['manifest.json', parseManifest, MANIFEST],
] as const)('%s', (name, parse: (json: string) => object, document) => {
  const fields = fieldsOf(document).filter((path) => !OPEN.includes(path));

  function expectRefused(json: string, field: string): void {
    let refusal: unknown;
    try {
      parse(json);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(InvalidDocumentError);
    expect(String(refusal)).toContain(`${name}: ${field}`);
  }

  it('is read as the first version stored it', () => {
    expect(parse(JSON.stringify(document))).toEqual(document);
  });

  it('keeps what a later version adds, at every depth', () => {
    for (const path of fields.map((field) => `${field}Later`)) {
      const json = changed(document, path, { added: [1] });
      expect(JSON.stringify(parse(json))).toBe(json);
    }
  });

  it.each(fields)('is refused without %s', (path) => {
    expectRefused(changed(document, path, undefined), path);
  });

  it.each(fields)('is refused with another kind of value as %s', (path) => {
    expectRefused(changed(document, path, true), path);
  });

  it.each(['', '{', 'null', '[]', '"text"'])('is refused when it is %j', (json) => {
    expectRefused(json, '');
  });
});

describe(parseStoredRequest.name, () => {
  const AT = '2026-11-23T05:12:17.000Z';

  it.each([
    { state: 'cancelled', at: AT },
    ...FAILURE_CODES.map((code) => ({ state: 'failed', at: AT, failure: { code, message: 'why' } })),
  ])('reads the outcome %j', (outcome) => {
    expect(parseStoredRequest(changed(REQUEST, 'outcome', outcome)).outcome).toEqual(outcome);
  });

  it.each([{}, { title: 'x', tempo: 90.5, key: { tonic: 'Bb', mode: 'major' } }])('reads the own %j', (own) => {
    expect(parseStoredRequest(changed(REQUEST, 'own', own)).own).toEqual(own);
  });

  it.each<[string, unknown]>([
    ['own', { tempo: '90' }],
    ['own', { key: { tonic: 'H', mode: 'major' } }],
    ['id', 'sep_1'],
    ['id', `${REQUEST.id}/..`],
    ['inputSha256', 'A'.repeat(64)],
    ['inputSha256', `${'a'.repeat(64)}b`],
    ['inputExtension', 'mp3/../..'],
    ['inputExtension', '../mp3'],
    ['inputBytes', 1.5],
    ['durationSeconds', -1],
    ['createdAt', 'yesterday'],
    ['owner', 7],
    ['stems', ['']],
    ['formats', ['ogg']],
    ['outcome', { state: 'lost' }],
    ['outcome', { state: 'cancelled' }],
    ['outcome', { state: 'failed', at: AT }],
    ['outcome', { state: 'failed', at: AT, failure: { code: 'bad_luck', message: '' } }],
    ['outcome', { state: 'failed', at: AT, failure: { code: 'internal' } }],
  ])('refuses the %s %j', (path, value) => {
    expect(() => parseStoredRequest(changed(REQUEST, path, value))).toThrow(InvalidDocumentError);
  });
});

describe(parseManifest.name, () => {
  it('reads the manifest of a song whose stems were not all made', () => {
    expect(parseManifest(changed(MANIFEST, 'residualDb', null)).residualDb).toBeNull();
  });

  it.each([{}, { title: 'a', artist: 'b', album: 'c' }])('reads the tags %j', (tags) => {
    expect(parseManifest(changed(MANIFEST, 'input.tags', tags)).input.tags).toEqual(tags);
  });

  it.each<[string, unknown]>([
    ['id', 'sep_1'],
    ['input.tags', { title: 7 }],
    ['cover', { key: 'a' }],
    ['weightsSha256', ''],
    ['engine.libraries', { torch: 2 }],
    ['options.stems', 'vocals'],
    ['options.shifts', 0.5],
    ['input.samples', -1],
    ['stems.0.bytes', 0.5],
    ['stems.0.peakDb', '-1'],
    ['artefacts.0.sha256', 'none'],
    ['gainDb', 0.1],
    ['seconds.encode', -1],
    ['warnings', [3]],
    ['finishedAt', '2026-11-23'],
  ])('refuses the %s %j', (path, value) => {
    expect(() => parseManifest(changed(MANIFEST, path, value))).toThrow(InvalidDocumentError);
  });
});
