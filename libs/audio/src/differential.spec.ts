import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { runProcess } from '@app/processes';
import { Ffmpeg } from './index.js';
import { findFfmpeg, maxDifference, readFloats, SongFolder, storedFile } from './songs.fixture.js';
import { floatsOf } from './wav/wav-scanner.js';

const LIMITS = { maxDurationSeconds: 60 };

interface ReferenceSong {
  readonly name: string;
  readonly tolerance: number;
  /** samples that ffmpeg loses at the end */
  readonly shortBy: number;
}

/** Against libsndfile, which shares no code with ffmpeg and none with us. */
describe('Ffmpeg, beside a second decoder', () => {
  let sut: Ffmpeg;
  let songs: SongFolder;
  let references: readonly ReferenceSong[];

  beforeAll(async () => {
    sut = new Ffmpeg(await findFfmpeg());
    songs = await SongFolder.create();
    const output: Buffer[] = [];
    await runProcess('engine/.venv/bin/python', ['test/support/songs/reference_songs.py', songs.path], {
      timeoutMs: 60_000,
      onStdout: (chunk) => void output.push(chunk),
    });
    references = JSON.parse(Buffer.concat(output).toString('utf8')) as readonly ReferenceSong[];
  });

  afterAll(() => songs.remove());

  it('reads the same samples from every format, and measures them alike at the upload', async () => {
    expect(references.length).toBeGreaterThan(80);
    const wrong: Record<string, unknown> = {};
    for (const { name, tolerance, shortBy } of references) {
      const wav = songs.at('decoded.wav');
      const bytes = await readFile(songs.at(`${name}.expected`));
      const expected = floatsOf(bytes, bytes.length / 4);
      try {
        const { samples, damage } = await sut.decode(songs.at(name), wav, LIMITS);
        const decoded = await readFloats(wav);
        const difference = maxDifference(expected.subarray(0, decoded.length), decoded);
        const measured = await sut.inspect(await storedFile(songs.at(name)), LIMITS);
        const isRight =
          expected.length - decoded.length <= 2 * shortBy && difference <= tolerance && measured.samples === samples;
        const isQuiet = damage.losses.length + damage.faultsAt.length === 0;
        if (!isRight || !isQuiet) wrong[name] = { lengths: [decoded.length, expected.length], difference, damage };
      } catch (error) {
        wrong[name] = String(error);
      }
    }
    expect(wrong).toEqual({});
  });
});
