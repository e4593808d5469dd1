import { Injectable } from '@nestjs/common';
import { endingOf, type StoredSeparation } from '@app/separation-store';
import { MASTER_FORMAT, objectKeys } from '@app/separations';
import { ObjectNotFoundError, ObjectStore } from '@app/storage';
import { SeparationAccess } from '../access/separation-access.js';
import { etagOf } from '../downloads/etag.js';
import type { ServedFile } from '../downloads/send-file.js';
import { fromStore } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { stemFileName } from './download-name.js';
import { contentType } from './media.service.js';

/** One block of one stem, as its link names it. */
interface Block {
  readonly attempt: string;
  readonly stem: string;
  readonly n: string;
}

/** Finds what can be heard of a running separation. */
@Injectable()
export class PreviewService {
  constructor(
    private readonly access: SeparationAccess,
    private readonly store: ObjectStore,
  ) {}

  /**
   * Passes the block to `send`.
   * @throws ProblemError separation_not_found, stem_not_found, not_found, or preview_ended once the separation has ended
   */
  async serve(
    id: string,
    owner: string | null,
    block: Block,
    send: (file: ServedFile) => Promise<void>,
  ): Promise<void> {
    const stored = requireRunning(await this.access.load(id, owner));
    try {
      await send(await this.find(stored, block));
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      // its end may be newer than what we remember
      requireRunning(await this.access.loadFresh(id, owner));
      throw new ProblemError('not_found', 'The preview has no such block.', { cause: error });
    }
  }

  private async find({ request }: StoredSeparation, { attempt, stem, n }: Block): Promise<ServedFile> {
    const { id, stems } = request;
    if (!stems.includes(stem)) {
      throw new ProblemError('stem_not_found', `The separation has no stem "${stem}".`, { extras: { allowed: stems } });
    }
    const key = objectKeys.previewBlock(id, attempt, stem, Number(n));
    const stored = await fromStore((signal) => this.store.head(key, { signal }));
    if (stored === undefined) throw new ObjectNotFoundError(key);
    return {
      key,
      bytes: stored.bytes,
      etag: etagOf(attempt, stem, n),
      contentType: contentType(MASTER_FORMAT),
      downloadName: stemFileName({ request }, stem, MASTER_FORMAT),
      isImmutable: true,
    };
  }
}

function requireRunning(stored: StoredSeparation): StoredSeparation {
  const ending = endingOf(stored);
  if (ending === undefined) return stored;
  throw new ProblemError('preview_ended', `The separation is ${ending.status}.`);
}
