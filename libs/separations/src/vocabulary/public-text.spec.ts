import { describe, expect, it } from '@jest/globals';
import { publicText } from '../index.js';

describe(publicText.name, () => {
  it.each([
    [
      "ENOENT: no such file or directory, open '/srv/my music/data/x.json'",
      'ENOENT: no such file or directory, open …',
    ],
    ['cannot start the engine: spawn /opt/venv/bin/python ENOENT', 'cannot start the engine: spawn … ENOENT'],
    ['file:/tmp/song-1/input.mp3: Invalid data found', '…: Invalid data found'],
    ['bad header in /tmp', 'bad header in …'],
    ['C:\\Users\\me\\song.wav is empty', '… is empty'],
    [
      "`fingerprint` of hdemucs_mmi failed: Command '['/usr/bin/python3', '-m', 'separation_engine', 'fingerprint']' " +
        'returned non-zero exit status 1.',
      '`fingerprint` of hdemucs_mmi failed: a command returned non-zero exit status 1.',
    ],
  ])('removes what belongs to the server: %s', (message, text) => {
    expect(publicText(message)).toBe(text);
  });

  it.each([
    'The song is longer than 3600 s.',
    'the song has 9 channels and/or 12 tracks, at 96 kHz/24 bit',
    'see https://github.com/facebookresearch/demucs/issues/327',
    'connect ECONNREFUSED 127.0.0.1:6379',
    '3/4 of the frames',
  ])('keeps the rest: %s', (message) => {
    expect(publicText(message)).toBe(message);
  });
});
