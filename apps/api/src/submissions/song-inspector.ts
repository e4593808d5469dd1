import { availableParallelism } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import {
  DurationLimitError,
  EmptyAudioError,
  Ffmpeg,
  NoAudioError,
  NotFiniteError,
  TooCostlyError,
  UndecodableAudioError,
  UnknownTrackError,
  UnsupportedAudioError,
  type AudioFacts,
} from '@app/audio';
import type { ApiConfig } from '@app/config';
import type { ProblemCode } from '@app/separations';
import { ObjectStore } from '@app/storage';
import { FairSemaphore } from '@app/concurrency';
import { LRUCache } from 'lru-cache';
import { seekableObject } from '../media/seekable-object.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { atCapacity } from '../problems/at-capacity.js';
import { ProblemError } from '../problems/problem.error.js';
import type { StagedFile } from '../uploads/stage-file.js';

/** songs that may wait to be checked */
const MAX_WAITING = 64;
/** as many as one client may upload at once: a song that was sent whole is not thrown away */
const WAITING_SHARE = 32;

const REMEMBERED = 1000;
/** a song is not refused for longer because of a fault that has passed, ms */
const REMEMBERED_MS = 10 * 60_000;

/** the song's own faults: it has them the next time as well */
const REFUSALS: readonly ProblemCode[] = [
  'no_audio',
  'unsupported_audio',
  'not_finite',
  'no_samples',
  'duration_limit',
  'unknown_track',
  'too_costly',
  'undecodable_audio',
];

export interface UploadedSong extends StagedFile {
  /** audio track, counted from 1 */
  readonly track: number | undefined;
}

/** Checks that an upload can be separated by decoding all of it. */
@Injectable()
export class SongInspector {
  private readonly maxDurationSeconds: number;
  /** a client alone may use all; with others it takes turns */
  private readonly checks = new FairSemaphore({
    permits: availableParallelism(),
    share: availableParallelism(),
    maxWaiting: MAX_WAITING,
    waitingShare: WAITING_SHARE,
    refuse: atCapacity('songs that are being checked', 5),
  });
  /** by the sha256 of the song, and its track: to send it again costs no other check */
  private readonly refused = new LRUCache<string, ProblemError>({ max: REMEMBERED, ttl: REMEMBERED_MS });

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    @Inject(API_CONFIG) config: ApiConfig,
  ) {
    this.maxDurationSeconds = config.limits.maxDurationSeconds;
  }

  /** @throws ProblemError no_audio or unsupported_audio (415), duration_limit, unknown_track, too_costly, undecodable_audio, not_finite or no_samples (422) */
  async inspect({ key, bytes, sha256, track }: UploadedSong, caller: string, signal: AbortSignal): Promise<AudioFacts> {
    const song = seekableObject(this.store, { key, bytes }, signal);
    const limits = { maxDurationSeconds: this.maxDurationSeconds, track, signal };
    const asked = `${sha256} ${track ?? ''}`;
    try {
      const check = async (): Promise<AudioFacts> => {
        const known = this.refused.get(asked);
        if (known !== undefined) throw known;
        return this.ffmpeg.inspect(song, limits);
      };
      return await this.checks.run(caller, check, signal);
    } catch (error) {
      const problem = this.problemOf(error);
      if (problem instanceof ProblemError && REFUSALS.includes(problem.code)) this.refused.set(asked, problem);
      throw problem;
    }
  }

  private problemOf(error: unknown): unknown {
    const cause = { cause: error };
    if (error instanceof NoAudioError) return new ProblemError('no_audio', error.message, cause);
    if (error instanceof UnsupportedAudioError) return new ProblemError('unsupported_audio', error.message, cause);
    if (error instanceof NotFiniteError) return new ProblemError('not_finite', error.message, cause);
    if (error instanceof EmptyAudioError) return new ProblemError('no_samples', error.message, cause);
    if (error instanceof TooCostlyError) return new ProblemError('too_costly', error.message, cause);
    if (error instanceof UndecodableAudioError) return new ProblemError('undecodable_audio', error.message, cause);
    if (error instanceof UnknownTrackError) {
      const allowed = Array.from({ length: error.tracks }, (_, at) => at + 1);
      return new ProblemError('unknown_track', error.message, { ...cause, extras: { allowed } });
    }
    if (error instanceof DurationLimitError) {
      return new ProblemError('duration_limit', error.message, {
        ...cause,
        extras: { limit: this.maxDurationSeconds },
      });
    }
    return error;
  }
}
