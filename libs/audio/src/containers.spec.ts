import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTAINERS } from '@app/separations';
import { Ffmpeg } from './index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from './songs.fixture.js';

/** for containers that take any codec, or whose usual one ffmpeg may lack */
const CODECS: Readonly<Record<string, string>> = { mov: 'aac', matroska: 'libopus', ogg: 'libopus' };

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
    const song = await songs.make(`song.${ending}`, ...tone(0.2), ...(codec === undefined ? [] : ['-c:a', codec]));
    const facts = await sut.inspect(await storedFile(song), { maxDurationSeconds: 60 });
    expect(facts).toMatchObject({ container, extension });
  });

  it.each(['ac3', 'caf'])('does not offer .%s, which is refused', async (ending) => {
    const song = await songs.make(`song.${ending}`, ...tone(0.2));
    await expect(sut.inspect(await storedFile(song), { maxDurationSeconds: 60 })).rejects.toThrow('Accepted are WAV');
    expect(FILES.map((file) => file.ending as string)).not.toContain(ending);
  });
});
