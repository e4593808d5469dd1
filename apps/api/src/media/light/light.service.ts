import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Ffmpeg } from '@app/audio';
import { FairSemaphore, shareOf, SharedWork } from '@app/concurrency';
import type { ApiConfig } from '@app/config';
import { FlacFile, type ReadPart } from '@app/flac';
import {
  LIGHT_BLOCK_SAMPLES,
  LIGHT_MARGIN_SAMPLES,
  lightBlocks,
  contentVersion,
  type ManifestFile,
  type StemName,
} from '@app/separations';
import { ObjectStore } from '@app/storage';
import { API_CONFIG } from '../../config/api-config.module.js';
import { etagOf } from '../../downloads/etag.js';
import type { Download } from '../../downloads/send-file.js';
import { atCapacity } from '../../problems/at-capacity.js';
import { ProblemError } from '../../problems/problem.error.js';
import { knownStem, MediaService, type Completed } from '../media.service.js';
import type { StoredFile } from '../seekable-object.js';

/** A block of the light format. */
export interface LightBlock extends Download {
  readonly content: Buffer;
}

/** a FLAC master */
type Master = StoredFile & Pick<Partial<ManifestFile>, 'sha256'>;

export const LIGHT_TYPE = 'audio/mpeg';

const RETRY_AFTER = 1;
const MAX_WAITING = 64;
/** those of one client: the next block of every lane */
const WAITING_SHARE = 16;

/**
 * Makes blocks of the light format, for players on slow lines. One takes a tenth of a second, so they are not stored, and
 * do not wait behind whole songs that are being encoded.
 */
@Injectable()
export class LightService implements OnModuleDestroy {
  private readonly encodings = new SharedWork<Buffer>();
  private readonly slots: FairSemaphore;

  constructor(
    private readonly media: MediaService,
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    @Inject(API_CONFIG) { limits }: Pick<ApiConfig, 'limits'>,
  ) {
    const permits = limits.maxEncodings;
    const refuse = atCapacity('blocks that are being encoded', RETRY_AFTER);
    const share = shareOf(permits);
    this.slots = new FairSemaphore({ permits, share, maxWaiting: MAX_WAITING, waitingShare: WAITING_SHARE, refuse });
  }

  /** @throws ProblemError stem_not_found, not_found, busy */
  stem(song: Completed, name: StemName, n: number, signal: AbortSignal): Promise<LightBlock> {
    return this.block(song, knownStem(song.manifest, name), n, signal);
  }

  /** @throws ProblemError not_found, busy */
  async original(song: Completed, n: number, signal: AbortSignal): Promise<LightBlock> {
    const { original } = song.manifest;
    return this.block(song, original ?? (await this.media.original(song, signal)), n, signal);
  }

  onModuleDestroy(): void {
    this.encodings.stopAll(new ProblemError('busy', 'The server is shutting down.', { retryAfterSeconds: 1 }));
  }

  private async block(song: Completed, master: Master, n: number, signal: AbortSignal): Promise<LightBlock> {
    const { samples } = song.manifest.input;
    const blocks = lightBlocks(samples);
    if (n >= blocks) throw new ProblemError('not_found', `The song has ${blocks} blocks, counted from 0.`);
    const work = (stopped: AbortSignal): Promise<Buffer> =>
      this.slots.run(song.caller, () => this.encode(master, samples, n, stopped), stopped);
    const content = await this.encodings.run(`${master.key} ${n}`, work, signal);
    return {
      content,
      bytes: content.length,
      etag: etagOf(createHash('sha256').update(content).digest('hex')),
      contentType: LIGHT_TYPE,
      ...(master.sha256 !== undefined && { version: contentVersion(master.sha256) }),
    };
  }

  private async encode(master: Master, samples: number, n: number, signal: AbortSignal): Promise<Buffer> {
    const from = Math.max(0, n * LIGHT_BLOCK_SAMPLES - LIGHT_MARGIN_SAMPLES);
    const to = Math.min(samples, (n + 1) * LIGHT_BLOCK_SAMPLES + LIGHT_MARGIN_SAMPLES);
    const flac = await FlacFile.open(this.readerOf(master), signal);
    const first = Math.floor(from / flac.frameSamples);
    const cut = await flac.cut(first, Math.ceil(to / flac.frameSamples), signal);
    const start = first * flac.frameSamples;
    return this.ffmpeg.encodeLight({ flac: cut, from: from - start, to: to - start }, { signal });
  }

  private readerOf({ key, bytes: total }: StoredFile): ReadPart {
    return async (start, end, signal) => {
      const range = { start, end: Math.min(end, total) - 1 };
      return { bytes: await buffer(await this.store.get(key, { range, signal })), total };
    };
  }
}
