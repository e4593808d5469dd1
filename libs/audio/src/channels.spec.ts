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

  it.each([
    ['above', 'FL+FR+TC'],
    ['above in front', 'FC+BC+TFC'],
    ['above in the back', 'FL+FR+TBL+TBC+TBR'],
    ['at every corner', 'FL+FR+BL+BR+TFL+TFR+TBL+TBR'],
    ['of Atmos', '7.1.4'],
    ['in the back of one side', 'FC+BC+SL'],
    ['for effects', '5.1'],
    ['that a writer counted', 'FL+FR+FC+LFE+BL'],
  ])('loses no channel of speakers %s: %s', async (_where, speakers) => {
    const count = { '5.1': 6, '7.1.4': 12 }[speakers] ?? speakers.split('+').length;
    // one channel at a time
    const slots = Array.from({ length: count }, (_, at) => `0.5*between(n\\,${at * 500}\\,${at * 500 + 499})`);
    const sound = `aevalsrc=${slots.join('|')}:c=${speakers}:s=44100:d=${(count * 500) / 44_100}`;
    const song = await songs.make('every.wav', '-f', 'lavfi', '-i', sound, '-c:a', 'pcm_f32le');
    const floats = await songs.samplesOf(song);
    const silent = slots.flatMap((_, at) => {
      const middle = (at * 500 + 250) * 2;
      return Math.max(floats[middle] ?? 0, floats[middle + 1] ?? 0) < 0.01 ? [at] : [];
    });
    expect(silent).toEqual([]);
  });

  it.each(['wav', 'au', 'tta', 'mka', 'aiff'])(
    'loses none of three channels that name no speakers: .%s',
    async (ending) => {
      const third = Float32Array.from({ length: 3000 }, (_, at) => (at % 3 === 2 ? 0.5 : 0));
      const plain = await songs.write('plain.wav', floatWav(third, 3));
      const song = ending === 'wav' ? plain : await songs.make(`third.${ending}`, '-i', plain);
      const floats = await songs.samplesOf(song);
      expect(Math.min(floats[1000] ?? 0, floats[1001] ?? 0)).toBeGreaterThan(0.05);
    },
  );

  it('keeps the sides of speakers above, and never clips', async () => {
    const speakers = ':c=FL+FR+BL+BR+TFL+TFR+TBL+TBR:s=44100';
    const [left, right] = await heard('cube.wav', [1, 0, 1, 0, 1, 0, 1, 0], speakers);
    expect([left, right]).toEqual([expect.closeTo(1, 3), 0]);
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
