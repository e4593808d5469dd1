import { pause } from '../pause.js';
import type { SeparationOptions } from '../upload/upload.js';
import { SongChanged, type SongFailure } from './failures.js';
import type { Library } from './library/library.js';
import type { SongRun } from './song-run.js';
import { fingerprintOf, isSame, type Fingerprint } from './songs/fingerprint.js';
import { scan, type SongFolder, type SongPath } from './songs/scan.js';

/** after a failure that may pass */
const RETRY_MS = 600_000;
const MAX_TRIES = 3;

export interface WatchOptions {
  readonly folders: readonly SongFolder[];
  readonly library: Library;
  readonly options: SeparationOptions;
  readonly run: SongRun;
  readonly onUnreadable: (path: string, error: Error) => void;
  readonly atOnce: number;
  /** how long a song must stay the same, in milliseconds: it may still be copied */
  readonly settleMs: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
}

interface SeenSong extends SongPath {
  fingerprint: Fingerprint;
  /** when it may be taken, in milliseconds of `performance.now` */
  readyAt: number;
  state: 'waiting' | 'running' | 'finished';
  tries: number;
}

/**
 * Looks at folders again and again, because network file systems tell nothing of changes, and takes each song that has
 * stopped changing. Runs until the signal aborts. @throws its reason
 */
export class FolderWatch {
  private readonly seen = new Map<string, SeenSong>();
  private readonly running = new Set<Promise<void>>();
  private readonly failed = new AbortController();

  constructor(private readonly options: WatchOptions) {}

  async untilStopped(): Promise<never> {
    const signal = AbortSignal.any([this.options.signal, this.failed.signal]);
    try {
      for (;;) {
        await this.look();
        this.takeReady();
        await pause(this.options.pollMs, signal);
      }
    } finally {
      await Promise.allSettled(this.running);
    }
  }

  private async look(): Promise<void> {
    const present = new Set<string>();
    for (const folder of this.options.folders) {
      for await (const song of scan(folder, this.options.onUnreadable, 'inside')) {
        present.add(song.path);
        // one that is gone meanwhile is not there at the next look
        const fingerprint = await fingerprintOf(song.path).catch(() => undefined);
        if (fingerprint !== undefined) this.see(song, fingerprint);
      }
    }
    for (const [path, { state }] of this.seen) {
      if (!present.has(path) && state !== 'running') this.seen.delete(path);
    }
  }

  private see(song: SongPath, fingerprint: Fingerprint): void {
    const { library, options, settleMs } = this.options;
    const known = this.seen.get(song.path);
    // a running song is checked by whoever separates it
    if (known?.state === 'running' || (known !== undefined && isSame(known.fingerprint, fingerprint))) return;
    const state = library.knows(song.path, fingerprint, options) ? 'finished' : 'waiting';
    this.seen.set(song.path, { ...song, fingerprint, readyAt: performance.now() + settleMs, state, tries: 0 });
  }

  private takeReady(): void {
    const now = performance.now();
    for (const song of this.seen.values()) {
      if (this.running.size >= this.options.atOnce) return;
      // an empty file has only been begun
      if (song.state !== 'waiting' || now < song.readyAt || song.fingerprint.bytes === 0) continue;
      song.state = 'running';
      const work = this.take(song).finally(() => this.running.delete(work));
      this.running.add(work);
    }
  }

  private async take(song: SeenSong): Promise<void> {
    try {
      this.settle(song, await this.options.run.take(song));
    } catch (error) {
      this.failed.abort(error);
    }
  }

  private settle(song: SeenSong, failure: SongFailure | undefined): void {
    song.tries += 1;
    song.state = failure === undefined || failure.isLasting || song.tries >= MAX_TRIES ? 'finished' : 'waiting';
    song.readyAt = performance.now() + (failure instanceof SongChanged ? this.options.settleMs : RETRY_MS);
    // it is seen again when it has changed
    if (failure instanceof SongChanged) this.seen.delete(song.path);
  }
}
