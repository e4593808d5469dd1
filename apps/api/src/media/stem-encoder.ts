import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Ffmpeg } from '@app/audio';
import type { Format, Manifest, ManifestStem, MASTER_FORMAT } from '@app/separations';
import { ObjectStore, type ObjectInfo } from '@app/storage';
import type { Readable } from 'node:stream';
import { ProblemError } from '../problems/problem.error.js';
import { Encodings } from './encodings.js';
import { seekable, type StoredFile } from './seekable.js';
import { SharedWork } from '@app/concurrency';

export type OtherFormat = Exclude<Format, typeof MASTER_FORMAT>;

type Store = (encoded: Readable) => Promise<ObjectInfo>;

/**
 * Makes what is not there when it is asked for, and stores it: once for all who ask at the same time. Another process
 * that does the same stores equal bytes.
 */
@Injectable()
export class StemEncoder implements OnModuleDestroy {
  private readonly logger = new Logger('media');
  private readonly encodings = new SharedWork<ObjectInfo>();

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    private readonly places: Encodings,
  ) {}

  /** Another format of a stored master. @throws ProblemError busy */
  encode(stem: ManifestStem, format: OtherFormat, key: string, signal: AbortSignal): Promise<ObjectInfo> {
    return this.once(key, signal, async (put, stopped) => {
      const stream = await this.store.get(stem.key, { signal: stopped });
      return this.ffmpeg.transcode({ stream, samples: stem.samples }, format, put, { signal: stopped });
    });
  }

  /** The song itself, decoded as its stems were and at their level. @throws ProblemError busy */
  original(song: StoredFile, { input, gainDb }: Manifest, key: string, signal: AbortSignal): Promise<ObjectInfo> {
    return this.once(key, signal, (put, stopped) => {
      const source = seekable(this.store, song, stopped);
      const decoded = { source, samples: input.samples, gain: 10 ** (gainDb / 20) };
      return this.ffmpeg.decodeOriginal(decoded, put, { signal: stopped });
    });
  }

  onModuleDestroy(): void {
    this.encodings.stopAll(new ProblemError('busy', 'The server is stopping.', { retryAfterSeconds: 1 }));
  }

  private once(
    key: string,
    signal: AbortSignal,
    make: (put: Store, stopped: AbortSignal) => Promise<ObjectInfo>,
  ): Promise<ObjectInfo> {
    const work = (stopped: AbortSignal): Promise<ObjectInfo> =>
      this.places.run(async () => {
        const stored = await make((encoded) => this.store.put(key, encoded, { signal: stopped }), stopped);
        this.logger.log(`encoded ${key}`);
        return stored;
      });
    return this.encodings.run(key, work, signal);
  }
}
