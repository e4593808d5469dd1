import { availableParallelism } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { DurationLimitError, EmptyAudioError, Ffmpeg, NoAudioError, NotFiniteError, type AudioFacts } from '@app/audio';
import type { ApiConfig } from '@app/config';
import { ObjectStore } from '@app/storage';
import { Semaphore } from '@app/concurrency';
import { seekableObject } from '../media/seekable-object.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';

/** songs that may wait to be checked */
const MAX_WAITING = 64;

/** Checks that an upload can be separated by decoding all of it. */
@Injectable()
export class SongInspector {
  private readonly maxDurationSeconds: number;
  private readonly checks = new Semaphore(availableParallelism(), {
    maxWaiting: MAX_WAITING,
    refuse: () => new ProblemError('busy', 'Too many songs are being checked.', { retryAfterSeconds: 5 }),
  });

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    @Inject(API_CONFIG) config: ApiConfig,
  ) {
    this.maxDurationSeconds = config.limits.maxDurationSeconds;
  }

  /** @throws ProblemError no_audio (415), duration_limit, not_finite or no_samples (422) */
  async inspect(key: string, bytes: number, signal: AbortSignal): Promise<AudioFacts> {
    const seekable = seekableObject(this.store, { key, bytes }, signal);
    const limits = { maxDurationSeconds: this.maxDurationSeconds, signal };
    try {
      return await this.checks.run(() => this.ffmpeg.inspect({ seekable }, limits), signal);
    } catch (error) {
      throw this.problemOf(error);
    }
  }

  private problemOf(error: unknown): unknown {
    const cause = { cause: error };
    if (error instanceof NoAudioError) return new ProblemError('no_audio', error.message, cause);
    if (error instanceof NotFiniteError) return new ProblemError('not_finite', error.message, cause);
    if (error instanceof EmptyAudioError) return new ProblemError('no_samples', error.message, cause);
    if (error instanceof DurationLimitError) {
      return new ProblemError('duration_limit', error.message, {
        ...cause,
        extras: { limit: this.maxDurationSeconds },
      });
    }
    return error;
  }
}
