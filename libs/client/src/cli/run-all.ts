import type { SongRun } from './song-run.js';
import type { SongPath } from './songs/scan.js';

/** Takes each song, some at the same time. @throws what ends the run, after the songs on their way have ended */
export async function runAll(songs: AsyncGenerator<SongPath>, run: SongRun, atOnce: number): Promise<void> {
  const lane = async (): Promise<void> => {
    try {
      for (let next; (next = await songs.next()).done !== true;) await run.take(next.value);
    } finally {
      // the other lanes find no more songs
      await songs.return(undefined);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  const failed = lanes.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
}
