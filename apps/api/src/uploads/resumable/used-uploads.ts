import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { json } from '@app/redis';
import { SeparationStore } from '@app/separation-store';
import { isSeparationId, objectKeys, type SeparationId } from '@app/separations';
import { ObjectNotFoundError, ObjectStore } from '@app/storage';
import { z } from 'zod';
import { fromStore } from '../../problems/outages.js';
import type { StagedFile } from '../stage-file.js';

const USED_UPLOAD = z.object({
  owner: z.string().nullable(),
  separation: z.string().refine(isSeparationId),
  sha256: z.string(),
  bytes: z.int(),
  originalName: z.string(),
});

/** What an upload became. */
interface UsedUpload extends Omit<StagedFile, 'key'> {
  readonly owner: string | null;
  readonly separation: SeparationId;
}

/** Uploads that became a separation: a client that lost the answer asks again. */
@Injectable()
export class UsedUploads {
  constructor(
    private readonly store: ObjectStore,
    private readonly separations: SeparationStore,
  ) {}

  async keep(id: string, { owner, separation, sha256, bytes, originalName }: UsedUpload): Promise<void> {
    const text = JSON.stringify({ owner, separation, sha256, bytes, originalName } satisfies UsedUpload);
    await fromStore((signal) => this.store.putText(objectKeys.usedUpload(id), text, { signal }));
  }

  /** Stages its song again. undefined if it was not used, or the song is gone. */
  async stage(id: string, owner: string | null, signal: AbortSignal): Promise<StagedFile | undefined> {
    const text = await fromStore((inTime) => this.store.getText(objectKeys.usedUpload(id), { signal: inTime }));
    const { data: used } = USED_UPLOAD.safeParse(json(text));
    if (used?.owner !== owner) return undefined;
    const stored = await this.separations.find(used.separation);
    if (stored === undefined) return undefined;
    const key = objectKeys.staging(randomUUID());
    try {
      await this.store.copy(objectKeys.input(used.separation, stored.request.inputExtension), key, { signal });
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return undefined;
      throw error;
    }
    return { key, sha256: used.sha256, bytes: used.bytes, originalName: used.originalName };
  }
}
