import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ffmpeg, UnsupportedAudioError } from './index.js';
import { floatWav } from '../../../test/support/songs/wav.js';
import { findFfmpeg, readFloats, SongFolder, storedFile } from './songs.fixture.js';

const LIMITS = { maxDurationSeconds: 60 };

describe('Ffmpeg, given unusual speakers', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  /** the first frame of a song of constant channels, and what the upload measures */
  async function heard(name: string, levels: readonly number[], ...args: string[]): Promise<[number, number]> {
    const song = await songs.make(name, '-f', 'lavfi', '-i', `aevalsrc=${levels.join('|')}:d=0.2${args[0] ?? ''}`);
    const wav = songs.at('heard.wav');
    const { samples } = await sut.decode(song, wav, LIMITS);
    await expect(sut.inspect(await storedFile(song), LIMITS)).resolves.toMatchObject({
      samples,
      channels: levels.length,
    });
    const floats = await readFloats(wav);
    return [floats[5000] ?? NaN, floats[5001] ?? NaN];
  }

  it.each([
    ['wav', 'SL+SR'],
    ['wav', 'BL+BR'],
    ['wav', 'FL+FC'],
    ['wav', 'FC+SL'],
    ['flac', 'SL+SR'],
    ['flac', 'BL+BR'],
    ['mka', 'BL+BR'],
  ])('takes two channels in a %s as left and right: %s', async (ending, speakers) => {
    const [left, right] = await heard(`${speakers}.${ending}`, [0.25, 0.5], `:c=${speakers}:s=44100`);
    expect(left).toBeCloseTo(0.25, 2);
    expect(right).toBeCloseTo(0.5, 2);
  });

  it('folds three channels that no mix is known for', async () => {
    const [left, right] = await heard('odd.wav', [0.3, 0.6, 0.9], ':c=BL+BR+BC:s=44100');
    expect(left).toBeCloseTo(0.6, 3);
    expect(right).toBe(left);
  });

  it.each([9, 32, 64])('folds %d channels without speakers to both sides', async (count) => {
    const levels = Array.from({ length: count }, (_, at) => (at === 3 ? 0.9 : 0));
    const [left, right] = await heard(`${count}.wav`, levels);
    expect(left).toBeCloseTo(0.9 / count, 3);
    expect(right).toBe(left);
  });

  it('says how many channels are too many', async () => {
    const song = await songs.write('65.wav', floatWav(new Float32Array(65 * 100), 65));
    const refused = sut.inspect(await storedFile(song), LIMITS);
    await expect(refused).rejects.toThrow(UnsupportedAudioError);
    await expect(refused).rejects.toThrow('65 channels; at most 64');
  });
});
