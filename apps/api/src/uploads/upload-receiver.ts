import { Inject, Injectable, Logger } from '@nestjs/common';
import { FairSemaphore, shareOf } from '@app/concurrency';
import type { ApiConfig } from '@app/config';
import { ObjectStore } from '@app/storage';
import { inSpan } from '@app/tracing';
import type { Request } from 'express';
import { atCapacity } from '../problems/at-capacity.js';
import { fromStore } from '../problems/outages.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { callerOf } from '../access/client.js';
import { ownerOf, type ApiRequest } from '../context/api-request.js';
import { ProblemError } from '../problems/problem.error.js';
import { stageFile, type StagedFile } from './stage-file.js';
import type { SongForm } from './song-form.js';
import type { UploadLimits } from './upload-body.js';
import { LinkFetcher } from './links/link-fetcher.js';
import { ResumableUploads } from './resumable/resumable-uploads.js';
import { missingFile, tooManyFiles, UPLOAD_FIELD, uploadProblem, URL_FIELD } from './upload-problems.js';
import { UploadSlots } from './upload-slots.js';

export interface Upload extends StagedFile {
  /** the text fields beside the file, unchecked */
  readonly fields: Readonly<Record<string, string>>;
  /** id of the resumable upload that it was */
  readonly resumed?: string;
}

/** links that are fetched at once */
const MAX_LINKS = 16;

@Injectable()
export class UploadReceiver {
  private readonly logger = new Logger('uploads');
  private readonly limits: UploadLimits;
  /** a server that sends a song slowly may take hours: it must not keep uploads out */
  private readonly fetching = new FairSemaphore({
    permits: MAX_LINKS,
    share: shareOf(MAX_LINKS),
    refuse: atCapacity('songs fetched at once', 5),
  });

  constructor(
    private readonly store: ObjectStore,
    private readonly slots: UploadSlots,
    private readonly links: LinkFetcher,
    private readonly resumable: ResumableUploads,
    @Inject(API_CONFIG) config: ApiConfig,
  ) {
    const { maxUploadBytes, uploadStallSeconds } = config.limits;
    this.limits = { maxBytes: maxUploadBytes, stallSeconds: uploadStallSeconds };
  }

  get inProgress(): number {
    return this.slots.inUse;
  }

  /** Refuses a request by its headers, before any of the body is read. @throws ProblemError */
  checkHead(request: Request, form: SongForm): void {
    form.checkHead(request, this.limits.maxBytes);
  }

  /**
   * Stages the file, what its link leads to, or the resumable upload that the form names. Passes it to `use`, and removes
   * it from staging in any case.
   * @param form how the request carries it
   * @param signal aborts when the client is gone
   * @param check throws for fields that cannot be used, before anything is fetched for them
   */
  async receive<T>(
    request: ApiRequest,
    form: SongForm,
    signal: AbortSignal,
    check: (fields: Upload['fields']) => Promise<unknown>,
    use: (upload: Upload) => Promise<T>,
  ): Promise<T> {
    const receive = async (): Promise<T> => {
      const staging: Promise<StagedFile>[] = [];
      request.letContinue?.();
      try {
        const readForm = (): ReturnType<SongForm['read']> =>
          form.read(request, this.limits, (source, name) => {
            const staged = stageFile(this.store, source, name, signal);
            staging.push(staged);
            return staged;
          });
        const { fields, file } = await inSpan('receive', {}, readForm);
        const { [URL_FIELD]: link = '', [UPLOAD_FIELD]: resumed = '', ...options } = fields;
        if ([file !== undefined, link !== '', resumed !== ''].filter(Boolean).length > 1) throw tooManyFiles();
        if (file === undefined && link === '' && resumed === '') throw missingFile();
        if (file?.bytes === 0) throw emptyFile();
        await check(options);
        const staged =
          link !== ''
            ? await this.fetching.run(callerOf(request), () => this.links.fetch(link, signal), signal)
            : resumed !== ''
              ? await this.resumable.stage(resumed, ownerOf(request), signal)
              : file;
        if (staged === undefined) throw missingFile();
        if (staged !== file) staging.push(Promise.resolve(staged));
        if (staged.bytes === 0) throw emptyFile();
        return await use({ ...staged, fields: options, ...(resumed !== '' && { resumed }) });
      } catch (error) {
        signal.throwIfAborted();
        throw uploadProblem(error, this.limits);
      } finally {
        for (const staged of await Promise.allSettled(staging)) {
          if (staged.status === 'fulfilled') await this.discard(staged.value.key);
        }
      }
    };
    return this.slots.run(callerOf(request), receive, signal);
  }

  private async discard(key: string): Promise<void> {
    try {
      await fromStore((signal) => this.store.remove(key, { signal }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(`${key} could not be removed, the sweeper will: ${reason}`);
    }
  }
}

function emptyFile(): ProblemError {
  return new ProblemError('empty_file', 'The file is empty.');
}
