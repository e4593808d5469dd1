import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ffmpeg, UnknownTrackError, WORKING_RATE } from './index.js';
import { findFfmpeg, readFloats, SongFolder, storedFile } from './songs.fixture.js';

const LIMITS = { maxDurationSeconds: 60 };
const FIRST_IS_DEFAULT = ['-disposition:a:0', 'default', '-disposition:a:1', '0'];
const SECOND_IS_DEFAULT = ['-disposition:a:0', '0', '-disposition:a:1', 'default'];
const BOTH_ARE_DEFAULT = ['-disposition:a:0', 'default', '-disposition:a:1', 'default'];
const TWO_LANGUAGES = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fra'];

interface Sound {
  /** of each channel */
  readonly levels: readonly number[];
  readonly seconds?: number;
  readonly rate?: number;
}

describe('Ffmpeg, given several tracks', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  function make(name: string, tracks: readonly Sound[], ...args: string[]): Promise<string> {
    const inputs = tracks.flatMap(({ levels, seconds = 0.2, rate = 44_100 }) => {
      const layout = levels.length === 1 ? 'mono' : 'stereo';
      return ['-f', 'lavfi', '-i', `aevalsrc=${levels.join('|')}:d=${seconds}:s=${rate}:c=${layout}`];
    });
    return songs.make(name, ...inputs, ...tracks.flatMap((_, at) => ['-map', String(at)]), ...args);
  }

  /** left and right at a second, and the length in samples; the upload must measure the same */
  async function heard(
    song: string,
    channels: number,
    { track, at = 0.1 }: { readonly track?: number; readonly at?: number } = {},
  ): Promise<[number, number, number]> {
    const wav = songs.at('heard.wav');
    const { samples, ...decoded } = await sut.decode(song, wav, { ...LIMITS, track });
    const taken = track === undefined ? {} : { tracks: [track] };
    expect(decoded).toMatchObject({ ...taken, channels, damage: { faultsAt: [], losses: [] } });
    const facts = await sut.inspect(await storedFile(song), { ...LIMITS, track });
    expect(facts).toMatchObject({ samples, channels });
    const floats = await readFloats(wav);
    const frame = 2 * Math.round(at * WORKING_RATE);
    return [round(floats[frame]), round(floats[frame + 1]), samples];
  }

  const mono = (level: number): Sound => ({ levels: [level] });

  it.each([
    { codec: 'pcm_s16le', flagged: 'both', flags: BOTH_ARE_DEFAULT },
    { codec: 'pcm_s24le', flagged: 'both', flags: BOTH_ARE_DEFAULT },
    { codec: 'pcm_s24le', flagged: 'the first', flags: FIRST_IS_DEFAULT },
  ])('joins the two mono tracks of a QuickTime file: $codec, $flagged flagged default', async ({ codec, flags }) => {
    const song = await make('pair.mov', [mono(0.25), mono(0.5)], '-c:a', codec, ...flags);
    await expect(heard(song, 2)).resolves.toEqual([0.25, 0.5, 8820]);
  });

  it('joins two mono tracks of 48 kHz in step', async () => {
    const tracks = [0.25, 0.5].map((level) => ({ levels: [level], seconds: 1, rate: 48_000 }));
    const song = await make('pair48.mov', tracks, '-c:a', 'pcm_s24le', ...BOTH_ARE_DEFAULT);
    await expect(heard(song, 2)).resolves.toEqual([0.25, 0.5, 44_100]);
  });

  it.each([
    [0.5, 1, [0, 0.5]],
    [1, 0.5, [0.25, 0]],
  ])('keeps the end of the longer side: %d s and %d s', async (left, right, end) => {
    const tracks = [
      { levels: [0.25], seconds: left },
      { levels: [0.5], seconds: right },
    ];
    const song = await make('uneven.mov', tracks, '-c:a', 'pcm_s16le', ...BOTH_ARE_DEFAULT);
    await expect(heard(song, 2, { at: 0.25 })).resolves.toEqual([0.25, 0.5, 44_100]);
    await expect(heard(song, 2, { at: 0.75 })).resolves.toEqual([...end, 44_100]);
  });

  it('changes no sample of either side', async () => {
    const noise = ['-f', 'lavfi', '-i', 'anoisesrc=d=0.3:seed=1:r=44100:a=0.5'];
    const other = ['-f', 'lavfi', '-i', 'anoisesrc=d=0.3:seed=2:r=44100:a=0.5'];
    const coded = ['-c:a', 'pcm_s24le', '-disposition:a', 'default'];
    const pair = await songs.make('noise.mov', ...noise, ...other, '-map', '0', '-map', '1', ...coded);
    const stereo = await songs.make('noise.wav', ...noise, ...other, '-filter_complex', 'amerge', '-c:a', 'pcm_s24le');
    expect(await songs.samplesOf(pair)).toEqual(await songs.samplesOf(stereo));
  });

  it.each([
    ['a QuickTime file in two languages', 'two.mov', ['-c:a', 'pcm_s16le', ...BOTH_ARE_DEFAULT, ...TWO_LANGUAGES]],
    ['an MP4 file, whose tracks are alternatives', 'two.mp4', ['-c:a', 'alac', ...FIRST_IS_DEFAULT]],
    ['a Matroska file', 'two.mka', ['-c:a', 'flac', ...BOTH_ARE_DEFAULT]],
  ])('takes the first mono track of %s', async (_, name, args) => {
    const song = await make(name, [mono(0.25), mono(0.5)], ...args);
    await expect(heard(song, 1)).resolves.toEqual([0.25, 0.25, 8820]);
  });

  it('takes one of three mono tracks', async () => {
    const song = await make('three.mov', [mono(0.25), mono(0.5), mono(0.75)], '-c:a', 'pcm_s16le');
    await expect(heard(song, 1)).resolves.toEqual([0.25, 0.25, 8820]);
  });

  it.each([
    ['mono.mov', ['-c:a', 'pcm_s16le'], 1],
    ['mono.mka', ['-c:a', 'flac'], 1],
    ['stereo.mka', ['-c:a', 'flac'], 2],
    ['stereo.mov', ['-c:a', 'pcm_s16le'], 2],
    ['stereo.m4a', ['-c:a', 'alac'], 2],
  ])('takes the track that is flagged default: %s', async (name, args, channels) => {
    const tracks = [0.25, 0.5].map((level) => ({ levels: Array.from({ length: channels }, () => level) }));
    const song = await make(name, tracks, ...args, ...SECOND_IS_DEFAULT);
    await expect(heard(song, channels)).resolves.toEqual([0.5, 0.5, 8820]);
  });

  it.each([
    ['mka', 'flac'],
    ['mov', 'pcm_s16le'],
    ['m4a', 'alac'],
  ])('takes the first of two languages in a %s, unless told otherwise', async (ending, codec) => {
    const tracks = [{ levels: [0.25, 0.3] }, { levels: [0.5, 0.6] }];
    const song = await make(`two-languages.${ending}`, tracks, '-c:a', codec, ...TWO_LANGUAGES);
    await expect(heard(song, 2)).resolves.toEqual([0.25, 0.3, 8820]);
    await expect(heard(song, 2, { track: 1 })).resolves.toEqual([0.25, 0.3, 8820]);
    await expect(heard(song, 2, { track: 2 })).resolves.toEqual([0.5, 0.6, 8820]);
    const refused = sut.inspect(await storedFile(song), { ...LIMITS, track: 3 });
    await expect(refused).rejects.toThrow(UnknownTrackError);
    await expect(refused).rejects.toThrow('no audio track 3: it has 2');
  });

  it('takes one side of a pair on demand', async () => {
    const song = await make('sides.mov', [mono(0.25), mono(0.5)], '-c:a', 'pcm_s16le', ...BOTH_ARE_DEFAULT);
    await expect(heard(song, 1, { track: 1 })).resolves.toEqual([0.25, 0.25, 8820]);
    await expect(heard(song, 1, { track: 2 })).resolves.toEqual([0.5, 0.5, 8820]);
  });

  it('tells which tracks it took', async () => {
    const args = ['-c:a', 'pcm_s16le'];
    const sides = await make('told.mov', [mono(0.25), mono(0.5)], ...args, ...BOTH_ARE_DEFAULT);
    const second = await make('second.mov', [mono(0.25), mono(0.5)], ...args, ...SECOND_IS_DEFAULT);
    const tracksOf = async (song: string): Promise<readonly number[]> =>
      (await sut.decode(song, songs.at('told.wav'), LIMITS)).tracks;
    await expect(tracksOf(sides)).resolves.toEqual([1, 2]);
    await expect(tracksOf(second)).resolves.toEqual([2]);
  });

  it.each([
    ['mov', ['-c:a', 'pcm_s16le']],
    ['mp4', ['-c:a', 'alac']],
    ['mkv', ['-c:a', 'flac']],
  ])('tells when the sound of a film starts: .%s %p', async (ending, coded) => {
    const film = ['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64:r=10', '-itsoffset', '0.5'];
    const sound = ['-f', 'lavfi', '-i', 'aevalsrc=0.25:d=0.4:s=44100'];
    const song = await songs.make(`late.${ending}`, ...film, ...sound, '-c:v', 'mpeg4', ...coded);
    const { startSeconds } = await sut.decode(song, songs.at('late.wav'), LIMITS);
    expect(startSeconds).toBeCloseTo(0.5, 2);
  });

  it('finds the start of sound alone at once, whatever the encoder padded', async () => {
    for (const name of ['alone.mp3', 'alone.m4a', 'alone.flac']) {
      const song = await make(name, [mono(0.25)]);
      await expect(sut.decode(song, songs.at('alone.wav'), LIMITS)).resolves.toMatchObject({ startSeconds: 0 });
    }
  });
});

function round(sample: number | undefined): number {
  return Math.round((sample ?? NaN) * 1000) / 1000;
}
