import { Injectable } from '@nestjs/common';
import { SeparationIndex } from '@app/separation-store';
import { SeparationQueue } from '@app/queue';
import type { SeparationId, StemName } from '@app/separations';
import type { Response } from 'express';
import { ownerOf, type ApiRequest } from '../context/api-request.js';
import { callerOf } from '../access/client.js';
import type { ServedFile } from '../downloads/send-file.js';
import { knownStem, MediaService, type Completed } from '../media/media.service.js';
import { fromQueue } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { SeparationsService } from '../separations/separations.service.js';
import { SubmissionsService } from '../submissions/submissions.service.js';
import { Callbacks } from '../webhooks/callbacks.js';
import type { TrackParams } from './apiv1.dto.js';
import { RemovedTracks } from './removed-tracks.js';
import { SongInJson } from './song-in-json.js';

export interface Answer {
  readonly hash: string;
  readonly reason: string;
}

export interface Separated {
  readonly id: SeparationId;
  /** whether it repeats an earlier call with its Idempotency-Key */
  readonly isRepeated: boolean;
}

/** A track of a completed separation. */
interface Track extends Completed {
  readonly stem: StemName;
}

const PREFIX = 'sep_';

/** The calls of /apiv1, as calls of this service's own API. */
@Injectable()
export class Apiv1Service {
  constructor(
    private readonly submissions: SubmissionsService,
    private readonly separations: SeparationsService,
    private readonly media: MediaService,
    private readonly callbacks: Callbacks,
    private readonly removed: RemovedTracks,
    private readonly queue: SeparationQueue,
    private readonly index: SeparationIndex,
  ) {}

  /** A song that is sent again has all its tracks again. */
  async separate(request: ApiRequest, response: Response): Promise<Separated> {
    const form = new SongInJson();
    const { separation, isRepeated } = await this.submissions.submit(request, response, form);
    const { id } = separation;
    if (!isRepeated) await this.removed.clear(id);
    const { callback } = form;
    if (callback !== undefined) {
      await this.callbacks.add(ownerOf(request), id, callback, isRepeated ? 'once' : 'again');
    }
    return { id, isRepeated };
  }

  /** Songs that wait, the next one first. */
  async waiting(owner: string | null): Promise<string[]> {
    const ids = await fromQueue(() => this.queue.waiting());
    return (await fromQueue(() => this.index.of(owner, ids))).map(hashOf);
  }

  /** @throws ProblemError separation_not_found, not_completed, stem_not_found or busy */
  async file(request: ApiRequest, params: TrackParams, signal: AbortSignal): Promise<ServedFile> {
    const track = await this.track(request, params);
    const { manifest, stem } = track;
    if (await this.removed.has(manifest.id, stem)) {
      throw new ProblemError('stem_not_found', `The track "${stem}" was removed. Send the song again to get it back.`);
    }
    return this.media.stemFile(track, stem, 'mp3', signal);
  }

  /**
   * Stops serving a track. With the last one, the separation goes. It may be repeated: a removal may have failed halfway.
   * @throws ProblemError as `file`, or as the removal of a separation
   */
  async remove(
    request: ApiRequest,
    params: TrackParams,
  ): Promise<{ readonly id: SeparationId; readonly isAll: boolean }> {
    const { manifest, stem } = await this.track(request, params);
    const { id } = manifest;
    const removed = await this.removed.add(id, stem);
    const isAll = manifest.stems.every(({ name }) => removed.includes(name));
    if (isAll) await this.separations.remove(id, ownerOf(request));
    return { id, isAll };
  }

  private async track(request: ApiRequest, { hash, track }: TrackParams): Promise<Track> {
    const completed = await this.media.completed(`${PREFIX}${hash}`, ownerOf(request), callerOf(request));
    const { name } = knownStem(completed.manifest, stemOf(track));
    return { ...completed, stem: name };
  }
}

export function hashOf(id: SeparationId): string {
  return id.slice(PREFIX.length);
}

/** The README of the course has "base" for the bass. */
function stemOf(track: string): StemName {
  const name = track.replace(/\.mp3$/, '');
  return name === 'base' ? 'bass' : name;
}
