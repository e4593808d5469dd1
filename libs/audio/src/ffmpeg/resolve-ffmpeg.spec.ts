import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { loadApiConfig } from '@app/config';
import { FfmpegNotFoundError, resolveFfmpeg } from '../index.js';
import { findFfmpeg, SongFolder } from '../songs.fixture.js';

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

  const nowhere = { ffmpegPath: undefined, searchPath: '/no/such/folder', enginePython: '/no/such/python' };

  it('uses only FFMPEG_PATH when it is set', async () => {
    const good = folder.at('good/ffmpeg');
    await expect(resolveFfmpeg({ ...nowhere, ffmpegPath: good })).resolves.toBe(good);
    const config = { ...nowhere, ffmpegPath: broken, searchPath: folder.at('good'), enginePython };
    await expect(resolveFfmpeg(config)).rejects.toThrow(`FFMPEG_PATH is not a working ffmpeg 5.1 or newer: ${broken}`);
  });

  it('uses a working ffmpeg on the PATH', async () => {
    const good = { ...nowhere, searchPath: `/no/such/folder:${folder.at('good')}` };
    await expect(resolveFfmpeg(good)).resolves.toBe(folder.at('good/ffmpeg'));
  });

  it('falls back to the wheel when the ffmpeg on the PATH is too old', async () => {
    const path = await resolveFfmpeg({ ...nowhere, searchPath: folder.at('old'), enginePython });
    expect(path).toMatch(/imageio_ffmpeg/);
  });

  it('tells the operator how to fix a missing ffmpeg', async () => {
    await expect(resolveFfmpeg(nowhere)).rejects.toThrow(FfmpegNotFoundError);
    await expect(resolveFfmpeg(nowhere)).rejects.toThrow(/Install ffmpeg 5.1 or newer, or set FFMPEG_PATH/);
  });
});
