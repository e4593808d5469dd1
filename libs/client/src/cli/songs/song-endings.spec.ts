import { SONG_FILE_ENDINGS } from '@app/separations';
import { expect, it } from '@jest/globals';
import { SONG_ENDINGS } from './song-endings.js';

it('takes the files that the service offers to take', () => {
  expect([...SONG_ENDINGS].sort()).toEqual([...new Set(SONG_FILE_ENDINGS)].sort());
});
