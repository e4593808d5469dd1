import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Ffmpeg } from '@app/audio';
import { SeparationStore } from '@app/separation-store';
import {
  earlierKeys,
  objectKeys,
  type Format,
  type Manifest,
  type ManifestStem,
  type MASTER_FORMAT,
  type SeparationId,
} from '@app/separations';
import { ObjectStore, ofLength, type ObjectInfo } from '@app/storage';
import type { Readable } from 'node:stream';
import { fromStore } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { EncoderSlots } from './encoder-slots.js';
import { seekableObject, type StoredFile } from './seekable-object.js';
import { SharedWork } from '@app/concurrency';

export type OtherFormat = Exclude<Format, typeof MASTER_FORMAT>;

type Store = (encoded: Readable) => Promise<ObjectInfo>;

/**
 * Encodes a missing file on request and stores it; concurrent requests share the work. Another process that encodes
 * the same file stores the same bytes.
 */
@Injectable()
export class StemEncoder implements OnModuleDestroy {
  private readonly logger = new Logger('media');
  private readonly encodings = new SharedWork<ObjectInfo>();

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    private readonly separations: SeparationStore,
    private readonly slots: EncoderSlots,
  ) {}

  /** Encodes a stored master in another format. @throws ProblemError busy, too_many_at_once, separation_not_found */
  encode(
    id: SeparationId,
    stem: ManifestStem,
    format: OtherFormat,
    signal: AbortSignal,
    caller: string,
  ): Promise<ObjectInfo> {
    const key = objectKeys.stem(id, stem.name, format, stem.sha256);
    return this.encodeOnce({ id, key }, signal, caller, async (put, stopped) => {
      const stream = ofLength(stem.bytes, await this.store.get(stem.key, { signal: stopped }));
      return this.ffmpeg.transcode({ stream, samples: stem.samples }, format, put, { signal: stopped });
    });
  }

  /** Decodes the song as for separation, and applies the gain of its stems. @throws ProblemError busy */
  original(
    song: StoredFile,
    { id, input, gainDb }: Manifest,
    signal: AbortSignal,
    caller: string,
  ): Promise<ObjectInfo> {
    const key = earlierKeys.original(id);
    return this.encodeOnce({ id, key }, signal, caller, (put, stopped) => {
      const source = seekableObject(this.store, song, stopped);
      const decoded = { source, samples: input.samples, gain: 10 ** (gainDb / 20) };
      return this.ffmpeg.decodeOriginal(decoded, put, { signal: stopped });
    });
  }

  onModuleDestroy(): void {
    this.encodings.stopAll(new ProblemError('busy', 'The server is shutting down.', { retryAfterSeconds: 1 }));
  }

  private encodeOnce(
    { id, key }: { readonly id: SeparationId; readonly key: string },
    signal: AbortSignal,
    caller: string,
    make: (put: Store, stopped: AbortSignal) => Promise<ObjectInfo>,
  ): Promise<ObjectInfo> {
    const work = (stopped: AbortSignal): Promise<ObjectInfo> =>
      this.slots.run(
        caller,
        async () => {
          const stored = await make((encoded) => this.store.put(key, encoded, { signal: stopped }), stopped);
          await this.keepUnlessRemoved(id, key);
          this.logger.log(`encoded ${key}`);
          return stored;
        },
        stopped,
      );
    return this.encodings.run(key, work, signal);
  }

  /** A removal that began before the file was stored may not have seen it. A later one removes it with the rest. */
  private async keepUnlessRemoved(id: SeparationId, key: string): Promise<void> {
    if (await this.separations.has(id)) return;
    await fromStore((signal) => this.store.remove(key, { signal }));
    throw new ProblemError('separation_not_found', 'The separation was removed.');
  }
}
