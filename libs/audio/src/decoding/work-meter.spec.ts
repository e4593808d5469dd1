import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, readFile } from 'node:fs/promises';
import { TooCostlyError } from '../index.js';
import { findFfmpeg, SongFolder, storedFile, tone } from '../songs.fixture.js';
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

  it('charges runs that fail, which do not tell their time', async () => {
    const ffmpeg = await findFfmpeg();
    const program = await songs.write(
      'failing',
      `#!/bin/sh
      if [ "$1" = -version ]; then exec '${ffmpeg}' "$@"; fi
      sleep 0.3
      exit 1
    `,
    );
    await chmod(program, 0o755);
    const links = await Promise.all(
      [1, 2].map(async (serial) => {
        const name = `${serial}.ogg`;
        await songs.make(name, ...tone(0.1), '-c:a', 'libvorbis', '-serial_offset', String(serial));
        return readFile(songs.at(name));
      }),
    );
    const path = await songs.write('chain.ogg', ...links);
    // each link gets a run: the second is too much
    const work = new WorkMeter(Infinity, 0.5);
    const limits = { maxDurationSeconds: 60, work, signal: work.signal };
    const decoding = decodeSong(program, await storedFile(path), new SampleCounter(), limits);
    await expect(decoding).rejects.toThrow(TooCostlyError);
  });
});
