import { describe, expect, it } from '@jest/globals';
import { ACCEPT, refusalOf } from './accepted-files.js';

const LIMIT = 1000;

const file = (name: string, type = '', bytes = 1): File => new File([new Uint8Array(bytes)], name, { type });

describe(refusalOf.name, () => {
  it.each(['song.mp3', 'SONG.FLAC', 'a.b.opus', 'clip.mp4', 'take.aif'])('accepts %s by its name', (name) => {
    expect(refusalOf(file(name), LIMIT)).toBeUndefined();
  });

  it('accepts an unknown name with the type of a container the server opens', () => {
    expect(refusalOf(file('song.audio', 'audio/mpeg'), LIMIT)).toBeUndefined();
  });

  it.each(['', 'audio/x-m4a', 'video/quicktime'])('leaves a file without an extension to the server: %p', (type) => {
    expect(refusalOf(file('song', type), LIMIT)).toBeUndefined();
  });

  it.each([
    ['song.ape', 'audio/x-ape'],
    ['song.dsf', 'audio/x-dsf'],
    ['letter.pdf', 'application/pdf'],
    ['picture', 'image/png'],
  ])('refuses %s, which the server cannot open', (name, type) => {
    expect(refusalOf(file(name, type), LIMIT)).toBe('not_audio');
  });

  it('refuses empty files, and files above the limit', () => {
    expect(refusalOf(file('song.mp3', '', 0), LIMIT)).toBe('empty_file');
    expect(refusalOf(file('song.mp3', '', LIMIT), LIMIT)).toBeUndefined();
    expect(refusalOf(file('song.mp3', '', LIMIT + 1), LIMIT)).toBe('file_too_large');
  });
});

describe('ACCEPT', () => {
  it('lists types and extensions for a file input', () => {
    expect(ACCEPT.split(',')).toEqual(expect.arrayContaining(['audio/mpeg', '.mp3', '.webm']));
    expect(ACCEPT).not.toMatch(/ape|dsf|\*/);
  });
});
