import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { ObjectStore } from '@app/storage';
import type { Request, Response } from 'express';
import multer from 'multer';
import { Semaphore } from '@app/concurrency';
import { fromStore } from '../problems/outages.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ProblemError } from '../problems/problem.error.js';
import { StagingEngine, type StagedFile } from './staging-engine.js';
import { UploadBody, type UploadLimits } from './upload-body.js';
import { FILE_FIELD, fileTooLarge, missingFile, uploadProblem } from './upload-problems.js';

export interface Upload extends StagedFile {
  /** the fields beside the file, as they were sent */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** uploads at once: each holds a part of its file in memory */
const MAX_UPLOADS = 64;

/** boundaries, part headers and option fields beside the file, bytes */
const AROUND_THE_FILE = 256 * 1024;

@Injectable()
export class UploadReceiver {
  private readonly logger = new Logger('uploads');
  private readonly limits: UploadLimits;
  private readonly uploads = new Semaphore(MAX_UPLOADS, {
    maxWaiting: 0,
    refuse: () => new ProblemError('busy', 'Too many uploads at once.', { retryAfterSeconds: 5 }),
  });

  constructor(
    private readonly store: ObjectStore,
    @Inject(API_CONFIG) config: ApiConfig,
  ) {
    const { maxUploadBytes, uploadStallSeconds } = config.limits;
    this.limits = { maxBytes: maxUploadBytes, stallSeconds: uploadStallSeconds };
  }

  get inProgress(): number {
    return this.uploads.inUse;
  }

  /** Refuses what can be refused by its head, before a byte of the body is read. */
  checkHead(request: Request): void {
    if (request.is('multipart/form-data') === false) {
      throw new ProblemError('unsupported_media_type', 'Send the song as multipart/form-data.');
    }
    const { maxBytes } = this.limits;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes + AROUND_THE_FILE) throw fileTooLarge(maxBytes);
  }

  /**
   * Stages the file, lets `use` work with it, and removes it from staging whatever happens.
   * @param signal aborts when the client has gone
   */
  async receive<T>(
    request: Request,
    response: Response,
    signal: AbortSignal,
    use: (upload: Upload) => Promise<T>,
  ): Promise<T> {
    return this.uploads.run(async () => {
      const engine = new StagingEngine(this.store, signal);
      try {
        const fields = await Promise.race([this.parse(request, response, engine), engine.failure]);
        if (engine.staged === undefined) throw missingFile();
        if (engine.staged.bytes === 0) throw new ProblemError('empty_file', 'The file has no bytes.');
        return await use({ ...engine.staged, fields });
      } catch (error) {
        signal.throwIfAborted();
        throw uploadProblem(error, this.limits);
      } finally {
        await this.discard(engine);
      }
    }, signal);
  }

  private parse(request: Request, response: Response, engine: StagingEngine): Promise<Record<string, unknown>> {
    const { maxBytes, stallSeconds } = this.limits;
    const body = new UploadBody(request, { maxBytes: maxBytes + AROUND_THE_FILE, stallSeconds });
    const read = multer({
      storage: engine,
      // file names are UTF-8 in every browser, whatever the old standard says
      defParamCharset: 'utf8',
      limits: {
        fileSize: maxBytes,
        files: 1,
        fields: 20,
        parts: 22,
        fieldSize: 1024,
        fieldNameSize: 100,
        fieldNestingDepth: 0,
        headerPairs: 20,
      },
    }).single(FILE_FIELD);
    return new Promise((resolve, reject) => {
      // the parser needs a readable with headers, no more of a request than that
      read(body as unknown as Request, response, (error: unknown) => {
        if (error === undefined) resolve({ ...body.body });
        else reject(error instanceof Error ? error : new Error('the parser failed', { cause: error }));
      });
    });
  }

  private async discard(engine: StagingEngine): Promise<void> {
    const staged = await engine.settled();
    if (staged === undefined) return;
    try {
      await fromStore((signal) => this.store.remove(staged.key, { signal }));
    } catch (error) {
      this.logger.warn(
        `${staged.key} is left to the sweeper: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
