import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, readFile } from 'node:fs/promises';
import { Ffmpeg, FfmpegUnavailableError, fileSource, TooCostlyError, UndecodableAudioError } from '../index.js';
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
      async () => {
        const lanes = [{ source: await fileSource(song), kind: 'tones', left: 1, right: 1 }] as const;
        return sut.mix({ lanes, format: 'flac', change: { speed: 1, semitones: 0 } });
      },
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

  /** runs the true ffmpeg for all but songs */
  async function failing(name: string, script: string): Promise<Ffmpeg> {
    const real = `exec '${await findFfmpeg()}' "$@"`;
    const path = await program(name, `#!/bin/sh\ncase "$1" in -version) ${real};; esac\n${script}\n`);
    return new Ffmpeg(path, folder.path);
  }

  it.each(['SEGV', 'ABRT', 'BUS', 'FPE', 'ILL'])(
    'but crashes on a song with SIG%s blames the song at its upload',
    async (signal) => {
      const sut = await failing(signal, `kill -${signal} $$`);
      await expect(sut.inspect(await fileSource(song), LIMITS)).rejects.toBeInstanceOf(UndecodableAudioError);
      // the worker tries again
      await expect(sut.decode(song, folder.at('again.wav'), LIMITS)).rejects.toBeInstanceOf(FfmpegUnavailableError);
    },
  );

  it.each([
    ['is killed', 'kill -KILL $$'],
    ['is asked to end', 'exit 255'],
    ['is asked to end more than once', 'exit 123'],
  ])('but %s blames no song', async (what, script) => {
    const sut = await failing(what, script);
    await expect(sut.inspect(await fileSource(song), LIMITS)).rejects.toBeInstanceOf(FfmpegUnavailableError);
  });

  it.each([
    ['its time is up', 'kill -XCPU $$'],
    ['it has no memory left', 'exit 244'],
  ])('on a song until %s finds it too costly', async (what, script) => {
    const sut = await failing(what, script);
    await expect(sut.inspect(await fileSource(song), LIMITS)).rejects.toBeInstanceOf(TooCostlyError);
  });

  // macOS has no such limit
  (process.platform === 'linux' ? it : it.skip)('has bounded memory for any song', async () => {
    const sut = await failing('bounded', `ulimit -d > '${folder.at('limit')}'\nexit 1`);
    await expect(sut.inspect(await fileSource(song), LIMITS)).rejects.toThrow('no audio');
    // kilobytes
    expect((await readFile(folder.at('limit'), 'utf8')).trim()).toBe('393216');
  });
});
