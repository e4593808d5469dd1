import { Inject, Injectable } from '@nestjs/common';
import { Ffmpeg, type MixLane } from '@app/audio';
import type { ApiConfig } from '@app/config';
import { CONTENT_TYPES, type Manifest } from '@app/separations';
import { ObjectStore } from '@app/storage';
import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { Semaphore } from '@app/concurrency';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';
import { mixName } from './download-name.js';
import { Encodings } from './encodings.js';
import { knownFormat, knownStem, type Completed } from './media.service.js';
import { seekable } from './seekable.js';

/** a mix lies in a temporary file until its client has it, and the disk is bounded; a slow client takes no place to encode */
const DOWNLOADS_PER_ENCODING = 2;
const RETRY_AFTER = 10;

/** Adds stems up and sends the sum. A mix is one of very many, so it is not stored. */
@Injectable()
export class MixService {
  private readonly downloads: Semaphore;

  constructor(
    private readonly ffmpeg: Ffmpeg,
    private readonly store: ObjectStore,
    private readonly places: Encodings,
    @Inject(API_CONFIG) { limits }: ApiConfig,
  ) {
    const refuse = (): ProblemError =>
      new ProblemError('busy', 'Too many mixes are being sent.', { retryAfterSeconds: RETRY_AFTER });
    this.downloads = new Semaphore(DOWNLOADS_PER_ENCODING * limits.maxEncodings, { maxWaiting: 0, refuse });
  }

  /** @throws ProblemError stem_not_found, unknown_format, busy */
  async send(
    { request: song, manifest }: Completed,
    wanted: { readonly format: string; readonly levels: string },
    request: Request,
    response: Response,
    signal: AbortSignal,
  ): Promise<void> {
    const format = knownFormat(wanted.format);
    const lanes = this.lanesOf(manifest, wanted.levels, signal);
    const head = (): void => {
      response.attachment(mixName(song, format));
      response.set({ 'Cache-Control': 'private, no-cache', 'Content-Type': CONTENT_TYPES[format] });
    };
    if (request.method === 'HEAD') {
      head();
      response.end();
      return;
    }
    await this.downloads.run(async () => {
      const mix = await this.places.run(() => this.ffmpeg.mix(lanes, format, { signal }));
      try {
        head();
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
      throw new ProblemError('invalid_request', 'A stem has two levels.');
    }
    return wanted.map(({ stem, left, right }) => ({ source: seekable(this.store, stem, signal), left, right }));
  }
}
