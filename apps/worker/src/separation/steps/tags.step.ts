import { join } from 'node:path';
import type { Ffmpeg } from '@app/audio';
import type { Logger } from '@app/logging';
import type { SongTags } from '@app/separations';
import type { StepContext } from './step-context.js';

/** A small JPEG in the scratch folder. */
export interface WrittenCover {
  readonly kind: 'cover';
  readonly path: string;
}

export interface TaggedSong {
  readonly tags: SongTags;
  readonly cover?: WrittenCover;
}

/** Reads the tags and the cover of a song. Whatever is wrong with them, the song can be separated. */
export async function readTags(
  ffmpeg: Ffmpeg,
  song: string,
  { scratch, signal }: Pick<StepContext, 'scratch' | 'signal'>,
  logger: Logger,
): Promise<TaggedSong> {
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      logger.warn(`the ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const { tags = {}, coverStream } = (await attempt('tags', () => ffmpeg.readTags(song, { signal }))) ?? {};
  if (coverStream === undefined) return { tags };
  const path = join(scratch, 'cover.jpg');
  const written = await attempt('cover', async () => {
    await ffmpeg.writeCover({ path: song, stream: coverStream }, path, { signal });
    return { kind: 'cover', path } as const;
  });
  return { tags, ...(written && { cover: written }) };
}
