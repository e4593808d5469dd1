import { describe, expect, it } from '@jest/globals';
import { CONTENT_TYPES, SONG_FILE_ENDINGS } from './contract.js';

describe('SONG_FILE_ENDINGS', () => {
  it('has the extension of every container of the server', () => {
    expect(SONG_FILE_ENDINGS).toEqual(expect.arrayContaining(Object.keys(CONTENT_TYPES)));
  });
});
