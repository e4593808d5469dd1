import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod } from 'node:fs/promises';
import { Ffmpeg, FfmpegUnavailableError, fileSource } from '../index.js';
import { findFfmpeg, SongFolder, tone } from '../songs.fixture.js';

const LIMITS = { maxDurationSeconds: 60 };

describe('an ffmpeg that does not run', () => {
  let folder: SongFolder;
  let song: string;
  let wav: string;

  beforeAll(async () => {
    folder = await SongFolder.create();
    song = await folder.make('song.mp3', ...tone(1));
    wav = folder.at('decoded.wav');
    await new Ffmpeg(await findFfmpeg()).decode(song, wav, LIMITS);
  });

  afterAll(() => folder.remove());

  async function program(name: string, script: string, mode = 0o755): Promise<string> {
    const path = await folder.write(name, script);
    await chmod(path, mode);
    return path;
  }

  it.each([
    ['is missing', undefined, 0],
    ['may not be executed', '#!/bin/sh\n', 0o644],
    ['has no interpreter', '#!/no/such/shell\n', 0o755],
    ['is no program', 'text\n', 0o755],
    ['is killed at its start', '#!/bin/sh\nkill -9 $$\n', 0o755],
    ['crashes at its start', '#!/bin/sh\nkill -SEGV $$\n', 0o755],
    ['misses a library', '#!/bin/sh\necho "cannot open shared object file" >&2\nexit 127\n', 0o755],
  ])('that %s is told from a fault of the song', async (what, script, mode) => {
    const path = script === undefined ? '/no/such/ffmpeg' : await program(what, script, mode);
    const sut = new Ffmpeg(path, folder.path);
    const calls: (() => Promise<unknown>)[] = [
      () => sut.ping(),
      async () => sut.inspect(await fileSource(song), LIMITS),
      () => sut.decode(song, folder.at('again.wav'), LIMITS),
      () => sut.encode({ wavPath: wav, gain: 1, destinations: { flac: folder.at('stem.flac') } }),
      async () => sut.decodeOriginal({ source: await fileSource(song), samples: 1, gain: 1 }, () => Promise.resolve()),
      async () => sut.mix([{ source: await fileSource(song), left: 1, right: 1 }], 'flac'),
    ];
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(FfmpegUnavailableError);
  });

  it('is asked again each time', async () => {
    const path = await program('comes-back', '#!/bin/sh\nexit 127\n');
    const sut = new Ffmpeg(path);
    await expect(sut.ping()).rejects.toThrow('exit code 127');
    await expect(sut.version()).rejects.toThrow(FfmpegUnavailableError);
    await program('comes-back', `#!/bin/sh\nexec '${await findFfmpeg()}' "$@"\n`);
    await sut.ping();
    expect(await sut.version()).toMatch(/^n?\d+\./);
  });
});
