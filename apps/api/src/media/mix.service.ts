import { Inject, Injectable } from '@nestjs/common';
import { Ffmpeg, type MixLane } from '@app/audio';
import type { ApiConfig } from '@app/config';
import { CONTENT_TYPES, type KnownStem, type Manifest } from '@app/separations';
import { ObjectStore } from '@app/storage';
import type { Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { FairSemaphore, shareOf } from '@app/concurrency';
import { callerOf } from '../access/client.js';
import type { ApiRequest } from '../context/api-request.js';
import { atCapacity } from '../problems/at-capacity.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';
import { mixName } from './download-name.js';
import { EncoderSlots } from './encoder-slots.js';
import { knownFormat, knownStem, type Completed } from './media.service.js';
import { seekableObject } from './seekable-object.js';

/** bounds the temporary files: a mix keeps its file until sent, but its encoder slot only until rendered */
const DOWNLOADS_PER_ENCODING = 2;
const RETRY_AFTER = 10;
/** in all models that have such a stem */
const DRUMS: KnownStem = 'drums';

interface WantedMix {
  readonly format: string;
  readonly levels: string;
  readonly speed: number;
  readonly semitones: number;
}

/** Renders a mix of stems and sends it. Mixes are not stored: there are too many possible ones. */
@Injectable()
export class MixService {
  private readonly downloads: FairSemaphore;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    private readonly slots: EncoderSlots,
    @Inject(API_CONFIG) { limits }: ApiConfig,
  ) {
    // one more: a client may start the next while its last one is still being closed
    const permits = DOWNLOADS_PER_ENCODING * limits.maxEncodings + 1;
    const refuse = atCapacity('mixes that are being downloaded', RETRY_AFTER);
    this.downloads = new FairSemaphore({ permits, share: shareOf(permits), refuse });
  }

  /** @throws ProblemError stem_not_found, unknown_format, busy */
  async send(
    song: Completed,
    wanted: WantedMix,
    request: ApiRequest,
    response: Response,
    signal: AbortSignal,
  ): Promise<void> {
    const format = knownFormat(wanted.format);
    const lanes = this.lanesOf(song.manifest, wanted.levels, signal);
    const change = { speed: wanted.speed, semitones: wanted.semitones };
    const setHeaders = (): void => {
      response.attachment(mixName(song, format, change));
      response.set({ 'Cache-Control': 'private, no-cache', 'Content-Type': CONTENT_TYPES[format] });
    };
    if (request.method === 'HEAD') {
      setHeaders();
      response.end();
      return;
    }
    const caller = callerOf(request);
    await this.downloads.run(caller, async () => {
      const mix = await this.slots.run(caller, () => this.ffmpeg.mix({ lanes, format, change }, { signal }), signal);
      try {
        setHeaders();
        response.set('Content-Length', String(mix.bytes));
        if (Number.isFinite(mix.peakDb)) response.set('X-Peak-Db', mix.peakDb.toFixed(2));
        await pipeline(mix.read(), response);
      } finally {
        await mix.close();
      }
    });
  }

  private lanesOf(manifest: Manifest, levels: string, signal: AbortSignal): MixLane[] {
    const wanted = levels.split(',').map((level) => {
      const [name = '', left, right = left] = level.split(':');
      return { stem: knownStem(manifest, name), left: Number(left), right: Number(right) };
    });
    if (new Set(wanted.map(({ stem }) => stem.name)).size < wanted.length) {
      throw new ProblemError('invalid_request', 'A stem is listed twice.');
    }
    return wanted.map(({ stem, left, right }) => ({
      source: seekableObject(this.store, stem, signal),
      kind: stem.name === DRUMS ? 'hits' : 'tones',
      left,
      right,
    }));
  }
}
