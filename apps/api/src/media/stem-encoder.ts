import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Ffmpeg } from '@app/audio';
import type { ApiConfig } from '@app/config';
import type { Format, ManifestStem, MASTER_FORMAT } from '@app/separations';
import { ObjectStore, type ObjectInfo } from '@app/storage';
import { Slots } from '../concurrency/slots.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';
import { SharedWork } from './shared-work.js';

/** a song of a few minutes is encoded in about this time, seconds */
const RETRY_AFTER = 5;

export type OtherFormat = Exclude<Format, typeof MASTER_FORMAT>;

/** Makes other formats of stored masters when they are asked for, and stores them. */
@Injectable()
export class StemEncoder implements OnModuleDestroy {
  private readonly logger = new Logger('media');
  private readonly encodings = new SharedWork<ObjectInfo>();
  private readonly slots: Slots;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    @Inject(API_CONFIG) config: ApiConfig,
  ) {
    const refuse = (): ProblemError =>
      new ProblemError('busy', 'Too many stems are being encoded.', { retryAfterSeconds: RETRY_AFTER });
    this.slots = new Slots(config.limits.maxEncodings, 0, refuse);
  }

  /** Encodings that run now. */
  get running(): number {
    return this.slots.inUse;
  }

  /**
   * Encodes the stem and stores it under the key, once for all who ask at the same time. Another process that does
   * the same stores equal bytes.
   * @throws ProblemError busy, when as many run as may
   */
  encode(stem: ManifestStem, format: OtherFormat, key: string, signal: AbortSignal): Promise<ObjectInfo> {
    const work = (stopped: AbortSignal): Promise<ObjectInfo> =>
      this.slots.run(() => this.encodeNow(stem, format, key, stopped));
    return this.encodings.run(key, work, signal);
  }

  onModuleDestroy(): void {
    this.encodings.stopAll(new ProblemError('busy', 'The server is stopping.', { retryAfterSeconds: 1 }));
  }

  private async encodeNow(
    stem: ManifestStem,
    format: OtherFormat,
    key: string,
    signal: AbortSignal,
  ): Promise<ObjectInfo> {
    const stream = await this.store.get(stem.key, { signal });
    const put = (encoded: Parameters<ObjectStore['put']>[1]): Promise<ObjectInfo> =>
      this.store.put(key, encoded, { signal });
    const stored = await this.ffmpeg.transcode({ stream, samples: stem.samples }, format, put, { signal });
    this.logger.log(`encoded ${key}`);
    return stored;
  }
}
