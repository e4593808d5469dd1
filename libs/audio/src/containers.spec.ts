import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTAINERS } from '@app/separations';
import { Ffmpeg, WORKING_RATE } from './index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from './songs.fixture.js';

/** for containers that take any codec, or whose usual one ffmpeg may lack or calls experimental */
const CODECS: Readonly<Record<string, readonly string[]>> = {
  mov: ['aac'],
  matroska: ['libopus'],
  ogg: ['libopus'],
  dts: ['dca', '-strict', '-2'],
};
/** codecs whose last block is padded */
const PADDED: readonly string[] = ['mp3', 'aac', 'ogg', 'mov', 'matroska', 'asf', 'ac3', 'eac3', 'dts'];
const SECONDS = 0.5;
const MAX_PADDING = 4096;

const FILES = Object.entries(CONTAINERS).flatMap(([container, { extension, fileEndings }]) =>
  fileEndings.map((ending) => ({ container, extension, ending })),
);

describe('CONTAINERS', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  it.each(FILES)('offers .$ending, and ffmpeg opens it as $container', async ({ container, extension, ending }) => {
    const codec = CODECS[container];
    const song = await songs.make(
      `song.${ending}`,
      ...tone(SECONDS),
      ...(codec === undefined ? [] : ['-c:a', ...codec]),
    );
    const facts = await sut.inspect(await storedFile(song), { maxDurationSeconds: 60 });
    expect(facts).toMatchObject({ container, extension });
    const added = facts.samples - SECONDS * WORKING_RATE;
    expect(Math.abs(added)).toBeLessThan(PADDED.includes(container) ? MAX_PADDING : 1);
    const { samples, declaredSeconds, damage } = await sut.decode(song, songs.at('decoded.wav'), {
      maxDurationSeconds: 60,
    });
    expect(samples).toBe(facts.samples);
    // a bare stream declares no length, and none is believed
    if (['ac3', 'eac3', 'dts', 'aac'].includes(container)) expect(declaredSeconds).toBeUndefined();
    expect(damage).toMatchObject({ losses: [], faultsAt: [] });
  });

  it.each([44_100, 48_000])('keeps the end of ALAC in a CAF file of %i Hz', async (rate) => {
    const song = await songs.make('song.caf', ...tone(5), '-ar', String(rate), '-c:a', 'alac');
    const { samples } = await sut.decode(song, songs.at('decoded.wav'), { maxDurationSeconds: 60 });
    expect(samples).toBe(5 * WORKING_RATE);
  });

  it.each(['avi', 'amr'])('does not offer .%s, which is refused', async (ending) => {
    const args = ending === 'amr' ? ['-ar', '8000', '-ac', '1'] : [];
    const song = await songs.make(`song.${ending}`, ...tone(0.2), ...args);
    await expect(sut.inspect(await storedFile(song), { maxDurationSeconds: 60 })).rejects.toThrow('Accepted are WAV');
    expect(FILES.map((file) => file.ending as string)).not.toContain(ending);
  });
});
