import { SONG_FILE_ENDINGS } from '@app/separations';
import { expect, it } from '@jest/globals';
import { SONG_EXTENSIONS } from './song-extensions.js';

it('takes the files that the service offers to take', () => {
  expect([...SONG_EXTENSIONS].sort()).toEqual([...new Set(SONG_FILE_ENDINGS)].sort());
});
