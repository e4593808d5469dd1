import { describe, expect, it } from '@jest/globals';
import { displayName } from './display-name.js';

describe(displayName.name, () => {
  it.each([
    ['../../etc/passwd.mp3', 'passwd.mp3'],
    ['C:\\Users\\me\\song.wav', 'song.wav'],
    ['a\r\nSet-Cookie: x=1.mp3', 'a Set-Cookie_ x=1.mp3'],
    ['null\0byte.mp3', 'nullbyte.mp3'],
    ['  .hidden.mp3 ', 'hidden.mp3'],
    ['..', 'song'],
    ['', 'song'],
    ['evil\u202e3pm.exe', 'evil3pm.exe'],
    ['say "hi".flac', 'say _hi_.flac'],
  ])('makes %j safe', (name, safe) => {
    expect(displayName(name)).toBe(safe);
  });

  it.each(['песня.mp3', '歌.flac', 'أغنية.wav', 'गीत.mp3', '🎵 tune.ogg', 'Café – naïve.mp3'])('keeps %s', (name) => {
    expect(displayName(name)).toBe(name);
  });

  it('composes letters and their marks', () => {
    expect(displayName('Cafe\u0301.mp3')).toBe('Café.mp3');
  });

  it('shortens a name and keeps its extension', () => {
    const name = displayName(`${'🎵'.repeat(65_536)}.mp3`);
    expect(Array.from(name)).toHaveLength(200);
    expect(name.endsWith('.mp3')).toBe(true);
  });

  it('drops halves of a surrogate pair', () => {
    expect(displayName('a\ud800b.mp3')).toBe('ab.mp3');
  });
});
