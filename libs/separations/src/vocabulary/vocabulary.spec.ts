import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import {
  CONTAINERS,
  CONTENT_TYPES,
  FAILURE_CODES,
  FORMATS,
  INSTRUMENTAL,
  KNOWN_MODELS,
  PROBLEMS,
  SONG_FILE_ENDINGS,
  STATUSES,
  STEM_ORDER,
  describeProblem,
  extensionOf,
  isFailureCode,
  isFormat,
  isSeparationId,
  isTerminal,
  sortStems,
} from '../index.js';

describe('CONTAINERS', () => {
  it('has a content type for every format of a stem, and for every stored song', () => {
    expect(FORMATS.map((format) => CONTENT_TYPES[format])).toEqual(['audio/flac', 'audio/mpeg', 'audio/wav']);
    for (const demuxer of Object.keys(CONTAINERS)) expect(CONTENT_TYPES[extensionOf(demuxer)]).toMatch(/^audio\//);
  });

  it('names no ending twice', () => {
    expect(new Set(SONG_FILE_ENDINGS).size).toBe(SONG_FILE_ENDINGS.length);
  });

  it.each(['hls', 'concat', 'toString'])('has no extension for %s', (demuxer) => {
    expect(() => extensionOf(demuxer)).toThrow(TypeError);
  });

  it('is listed in docs/api.md', async () => {
    const page = await readFile('docs/api.md', 'utf8');
    for (const { label } of Object.values(CONTAINERS)) expect(page).toContain(label);
  });
});

describe(sortStems.name, () => {
  it('gives one order, removes repeats, and puts unknown stems last', () => {
    const stems = [
      'banjo',
      'theremin',
      'other',
      'piano',
      'vocals',
      'banjo',
      'bass',
      INSTRUMENTAL,
      'vocals',
      'guitar',
      'drums',
    ];
    expect(sortStems(stems)).toEqual([...STEM_ORDER, 'banjo', 'theremin']);
  });

  it('knows the stems of every model with a fixed name', () => {
    for (const { stems } of KNOWN_MODELS) expect(STEM_ORDER).toEqual(expect.arrayContaining([...stems]));
  });
});

describe(isTerminal.name, () => {
  it('holds for separations that have ended', () => {
    expect(STATUSES.filter(isTerminal)).toEqual(['completed', 'failed', 'cancelled']);
  });
});

describe('PROBLEMS', () => {
  it('has an error status for every code, and a title that is a sentence without its period', () => {
    for (const { status, title } of Object.values(PROBLEMS)) {
      expect(status >= 400 && status < 600).toBe(true);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
    }
  });

  it('describes a problem by its code', () => {
    expect(describeProblem('file_too_large', 'The limit is 1 MB.')).toEqual({
      type: 'urn:music-separation:problem:file_too_large',
      title: PROBLEMS.file_too_large.title,
      status: 413,
      detail: 'The limit is 1 MB.',
      code: 'file_too_large',
    });
  });
});

describe('names from outside', () => {
  it.each(['sep_', `sep_${'A'.repeat(32)}`, `sep_${'a'.repeat(32)}/..`, `x sep_${'a'.repeat(32)}`, 7, undefined])(
    '%p is not the id of a separation',
    (value) => {
      expect(isSeparationId(value)).toBe(false);
    },
  );

  it('are known only if they are in the lists', () => {
    expect(isSeparationId(`sep_${'0'.repeat(32)}`)).toBe(true);
    expect([...FORMATS, 'ogg', undefined].filter(isFormat)).toEqual(FORMATS);
    expect([...FAILURE_CODES, 'unknown_model', null].filter(isFailureCode)).toEqual(FAILURE_CODES);
  });
});
