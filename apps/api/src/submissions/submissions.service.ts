import { Inject, Injectable } from '@nestjs/common';
import type { AudioFacts } from '@app/audio';
import type { ApiConfig } from '@app/config';
import { shareOf } from '@app/concurrency';
import { QueueShares, SeparationQueue } from '@app/queue';
import type { Separation } from '@app/separations';
import { annotateSpan, inSpan } from '@app/tracing';
import type { Response } from 'express';
import { mustNotBeRevoked } from '../access/access.guard.js';
import { callerOf } from '../access/client.js';
import { TurnTakers } from '../access/turn-takers.js';
import { fromQueue, throughOutage } from '../problems/outages.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ownerOf, requestIdOf, type ApiRequest } from '../context/api-request.js';
import { ModelCatalogues } from '../models/model-catalogue.js';
import { ProblemError } from '../problems/problem.error.js';
import { clientGone } from '../context/client-gone.js';
import { displayName } from '../uploads/display-name.js';
import { ResumableUploads } from '../uploads/resumable/resumable-uploads.js';
import type { SongForm } from '../uploads/song-form.js';
import { MULTIPART } from '../uploads/multipart-form.js';
import { UploadReceiver, type Upload } from '../uploads/upload-receiver.js';
import { Acceptance } from './acceptance.js';
import { digestOf, IdempotentCalls, repeated, type Submitted } from './idempotent-calls.js';
import { SongInspector } from './song-inspector.js';
import { parseSubmissionFields } from './submission-fields.js';
import { wantedOptions, type WantedOptions } from './wanted-options.js';

/** when to retry after a full queue, seconds */
const QUEUE_FULL_RETRY = 30;

@Injectable()
export class SubmissionsService {
  constructor(
    private readonly receiver: UploadReceiver,
    private readonly resumable: ResumableUploads,
    private readonly catalogues: ModelCatalogues,
    private readonly inspector: SongInspector,
    private readonly acceptance: Acceptance,
    private readonly calls: IdempotentCalls,
    private readonly queue: SeparationQueue,
    private readonly shares: QueueShares,
    private readonly turnTakers: TurnTakers,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  /** @param form how the request carries the song */
  submit(request: ApiRequest, response: Response, form: SongForm = MULTIPART): Promise<Submitted> {
    const { traceparent } = request.headers;
    const parent = typeof traceparent === 'string' ? traceparent : undefined;
    return inSpan('upload', { kind: 'server', parent }, () => this.receiveSong(request, response, form));
  }

  private async receiveSong(request: ApiRequest, response: Response, form: SongForm): Promise<Submitted> {
    this.receiver.checkHead(request, form);
    return this.calls.run(request, async (earlier) => {
      // checked before the song is sent: a full queue must not cost an upload of 500 MB
      if (earlier === undefined) await this.checkRoom(callerOf(request));
      const gone = clientGone(response);
      const check = async (fields: Upload['fields']): Promise<unknown> =>
        earlier === undefined && (await this.optionsIn(fields));
      return this.receiver.receive(request, form, gone, check, async (upload) => {
        mustNotBeRevoked(request);
        const digest = digestOf(upload);
        if (earlier !== undefined) return repeated(earlier, digest);
        const separation = await this.accept(upload, request, gone);
        if (upload.resumed !== undefined) {
          await this.resumable.finish(upload.resumed, {
            ...upload,
            owner: ownerOf(request),
            separation: separation.id,
          });
        }
        return { separation, digest, isRepeated: false };
      });
    });
  }

  private async accept(upload: Upload, request: ApiRequest, gone: AbortSignal): Promise<Separation> {
    const caller = callerOf(request);
    annotateSpan({ 'song.bytes': upload.bytes });
    const options = await this.optionsIn(upload.fields);
    const candidate = {
      ...options,
      owner: ownerOf(request),
      requestId: requestIdOf(request),
      inputSha256: upload.sha256,
      fileName: displayName(upload.originalName),
      stagingKey: upload.key,
      bytes: upload.bytes,
    };
    let facts: AudioFacts | undefined;
    const inspect = async (): Promise<AudioFacts> =>
      (facts ??= await inSpan('check', {}, () =>
        this.inspector.inspect({ ...upload, track: options.track }, caller, gone),
      ));
    // a song that was sent whole is not thrown away for a moment's outage
    return throughOutage(async () => {
      const client = await fromQueue(() => this.turnTakers.nameOf(caller));
      return this.acceptance.accept({ ...candidate, client }, caller, inspect);
    }, gone);
  }

  private async optionsIn(fields: Upload['fields']): Promise<WantedOptions> {
    return wantedOptions(await parseSubmissionFields(fields), await this.catalogues.current());
  }

  private async checkRoom(caller: string): Promise<void> {
    const limit = this.config.limits.maxQueued;
    const share = shareOf(limit);
    if (await fromQueue(() => this.shares.reaches(caller, share))) {
      throw new ProblemError('too_many_queued', `${share} of your separations are already waiting. Try again later.`, {
        retryAfterSeconds: QUEUE_FULL_RETRY,
        extras: { limit: share },
      });
    }
    if ((await fromQueue(() => this.queue.unfinishedCount())) < limit) return;
    throw new ProblemError('queue_full', `${limit} separations are already waiting. Try again later.`, {
      retryAfterSeconds: QUEUE_FULL_RETRY,
      extras: { limit },
    });
  }
}
