import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { loadApiConfig } from '@app/config';
import { Ffmpeg, FfmpegNotFoundError, resolveFfmpeg } from './index.js';
import { findFfmpeg, SongFolder } from './songs.fixture.js';

describe(resolveFfmpeg.name, () => {
  const { enginePython } = loadApiConfig().audio;
  let folder: SongFolder;
  let broken: string;

  beforeAll(async () => {
    folder = await SongFolder.create();
    await mkdir(folder.at('old'));
    await mkdir(folder.at('good'));
    broken = await folder.write('old/ffmpeg', '#!/bin/sh\necho "Unrecognized option" >&2\nexit 1\n');
    await chmod(broken, 0o755);
    await symlink(await findFfmpeg(), folder.at('good/ffmpeg'));
  });

  afterAll(() => folder.remove());

  const nowhere = { ffmpegPath: undefined, enginePython: '/no/such/python' };

  it('uses only FFMPEG_PATH when it is set', async () => {
    const good = folder.at('good/ffmpeg');
    await expect(resolveFfmpeg({ ...nowhere, ffmpegPath: good })).resolves.toBe(good);
    const config = { ffmpegPath: broken, enginePython };
    await expect(resolveFfmpeg(config)).rejects.toThrow(`FFMPEG_PATH is not a working ffmpeg 5.1 or newer: ${broken}`);
  });

  it('uses the pinned ffmpeg, whatever is on the PATH', async () => {
    const { audio } = loadApiConfig({ PATH: folder.at('good') });
    const path = await resolveFfmpeg({ ...audio, enginePython });
    expect(path).toMatch(/imageio_ffmpeg/);
    expect(await new Ffmpeg(path).version()).toMatch(/^n?\d+\./);
  });

  it('tells the operator how to fix a missing ffmpeg', async () => {
    await expect(resolveFfmpeg(nowhere)).rejects.toThrow(FfmpegNotFoundError);
    await expect(resolveFfmpeg(nowhere)).rejects.toThrow(/Install ffmpeg 5.1 or newer, or set FFMPEG_PATH/);
  });
});
