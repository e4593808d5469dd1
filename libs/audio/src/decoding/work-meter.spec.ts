import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TooCostlyError } from '../index.js';
import { findFfmpeg, SongFolder, storedFile } from '../songs.fixture.js';
import { SampleCounter } from '../wav/sample-sinks.js';
import { decodeSong } from './decode.js';
import { WorkMeter } from './work-meter.js';

describe(WorkMeter.name, () => {
  let songs: SongFolder;

  beforeAll(async () => {
    songs = await SongFolder.create();
  });

  afterAll(() => songs.remove());

  it('ends a decode that is out of CPU time, whatever the song', async () => {
    const silence = 'anullsrc=d=300:r=384000:cl=stereo';
    const path = await songs.make('slow.flac', '-f', 'lavfi', '-i', silence, '-frame_size', '16384');
    const work = new WorkMeter(Infinity, 1);
    const limits = { maxDurationSeconds: 3600, work, signal: work.signal };
    const decoding = decodeSong(await findFfmpeg(), await storedFile(path), new SampleCounter(), limits);
    await expect(decoding).rejects.toThrow(TooCostlyError);
  });
});
