import { ApiError, ConnectionError } from '../errors.js';
import { EXIT, PlainError } from './exit-codes.js';
import { isRefusedOption, sentenceOf, toSongFailure, type SongFailure } from './failures.js';
import type { Song } from './library/library.js';
import { isRejectedKey } from './retry-policy.js';
import type { EndEvent } from './report/song-event.js';
import { visible } from './report/visible.js';
import { separateSong, type SongContext } from './separate-song.js';
import { fingerprintOf, hashOf, type Fingerprint } from './songs/fingerprint.js';
import type { SongPath } from './songs/scan.js';

export interface RunContext extends SongContext {
  /** folder of a song, below the library */
  readonly folderOf: (song: Song) => string;
  /** a song is finished for good once it has an entry, whatever became of its files */
  readonly onceOnly: boolean;
}

/** Takes songs one by one or several at once, and counts what became of them. A failed song does not end the run. */
export class SongRun {
  private readonly counts = { written: 0, skipped: 0, failed: 0 };
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(private readonly context: RunContext) {}

  get end(): EndEvent {
    return { event: 'end', ...this.counts };
  }

  /**
   * @returns why the song has no stems; undefined if it has
   * @throws what ends the run: the server does not answer, rejects the key or an option, or the user stopped it
   */
  async take(song: SongPath): Promise<SongFailure | undefined> {
    const { reporter, signal } = this.context;
    try {
      await this.takeOnce(song);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConnectionError || isRejectedKey(error)) throw asPlainError(error as Error);
      if (isRefusedOption(error)) throw new PlainError(`${sentenceOf(error)} (${error.code})`);
      const failure = toSongFailure(error);
      if (failure === undefined) throw error;
      // deleted before its turn
      if (failure.code === 'ENOENT' && this.context.onceOnly) return failure;
      this.counts.failed += 1;
      reporter.report({ event: 'failed', song: song.name, code: failure.code, message: failure.message });
      return failure;
    }
  }

  private async takeOnce(song: SongPath): Promise<void> {
    const { library, options, signal } = this.context;
    const fingerprint = await fingerprintOf(song.path);
    const sha256 = await hashOf(song.path, signal);
    // a copy of a song that is on its way
    for (let other; (other = this.running.get(sha256)) !== undefined;) await other.catch(() => undefined);
    const known = library.find(sha256, options);
    if (known?.written !== undefined && (this.context.onceOnly || (await library.isWhole(known.written)))) {
      const where =
        known.source === song.path || known.song === song.name
          ? 'its stems are there already'
          : `the same song as ${known.song}`;
      this.skip(song, where);
      return;
    }
    if (known?.refused !== undefined && this.context.onceOnly) {
      this.skip(song, `refused before: ${known.refused.message}`);
      return;
    }
    const work = this.separate(song, fingerprint, sha256);
    this.running.set(sha256, work);
    await work.finally(() => this.running.delete(sha256));
  }

  private async separate(song: SongPath, fingerprint: Fingerprint, sha256: string): Promise<void> {
    const { library, options, reporter, folderOf } = this.context;
    const entry = { version: 1 as const, song: song.name, source: song.path, ...fingerprint, sha256, options };
    const folder = folderOf({ name: song.name, source: song.path, sha256 });
    try {
      const written = await separateSong(song, { fingerprint, sha256, folder }, this.context);
      await library.record({ ...entry, written });
      this.counts.written += 1;
      const { id, model, files } = written;
      reporter.report({
        event: 'written',
        song: song.name,
        id,
        model,
        folder: [library.root, folder].filter((part) => part !== '').join('/'),
        files: files.map(({ name }) => name),
      });
    } catch (error) {
      const failure = toSongFailure(error);
      if (failure?.isLasting === true) {
        await library.record({ ...entry, refused: { code: failure.code, message: failure.message } });
      }
      throw error;
    }
  }

  private skip({ name }: SongPath, reason: string): void {
    this.counts.skipped += 1;
    this.context.reporter.report({ event: 'skipped', song: name, reason });
  }
}

function asPlainError(error: Error): PlainError {
  const hint =
    error instanceof ApiError
      ? 'Set SEPARATION_KEY to an access key.'
      : 'Start it with npm start, or pass another with --server.';
  return new PlainError(`${visible(error.message)} ${hint}`, EXIT.serverAway);
}
