import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { RedisConnections, RedisLock } from '@app/redis';
import { objectKeys } from '@app/separations';
import { ObjectStore } from '@app/storage';
import { mustNotBeRevoked } from '../../access/access.guard.js';
import { callerOf } from '../../access/client.js';
import { TurnTakers } from '../../access/turn-takers.js';
import { API_CONFIG } from '../../config/api-config.module.js';
import { ownerOf, type ApiRequest } from '../../context/api-request.js';
import { atCapacity } from '../../problems/at-capacity.js';
import { fromQueue, fromStore } from '../../problems/outages.js';
import { ProblemError } from '../../problems/problem.error.js';
import { stageFile, type StagedFile } from '../stage-file.js';
import type { UploadLimits } from '../upload-body.js';
import { fileTooLarge, malformed, uploadProblem } from '../upload-problems.js';
import { UploadSlots } from '../upload-slots.js';
import { PartBody } from './part-body.js';
import { bytesOf, readUpload, type PartialUpload, type UploadInfo } from './partial-upload.js';
import { PIECE_BYTES, storePieces } from './store-pieces.js';
import { checkPart, fileNameIn, uploadLength, uploadMetadata, uploadOffset } from './tus-headers.js';
import { UsedUploads } from './used-uploads.js';

/** of all clients, and of one: each takes up to a whole song of the store's room */
const MAX_UPLOADS = 256;
const MAX_OF_CLIENT = 32;

/** connections that break, or parts of a client; beyond those that a whole song needs */
const MAX_PIECES = 2000;

/** a server that died holds its uploads no longer, ms */
const LEASE_MS = 15_000;
/** a call whose client is gone stores what it had in this time, ms */
const IN_USE_MS = 1000;
/** for those that begin at the same moment, ms */
const ROOM_MS = 3000;

export const UPLOAD_ID = /^[0-9a-f]{48}$/;
const CLIENT_DIGITS = 16;

const refuseMore = atCapacity('unfinished uploads', 60);

/** Uploads that go on after a broken connection, by the tus protocol. The object store has them, so any server can go on. */
@Injectable()
export class ResumableUploads {
  private readonly logger = new Logger('uploads');
  private readonly limits: UploadLimits;

  constructor(
    private readonly store: ObjectStore,
    private readonly connections: RedisConnections,
    private readonly slots: UploadSlots,
    private readonly used: UsedUploads,
    private readonly turnTakers: TurnTakers,
    @Inject(API_CONFIG) { limits: { maxUploadBytes, uploadStallSeconds } }: ApiConfig,
  ) {
    this.limits = { maxBytes: maxUploadBytes, stallSeconds: uploadStallSeconds };
  }

  /** parts of uploads, and uploads of other kinds, that this server receives now */
  get inProgress(): number {
    return this.slots.inUse;
  }

  /** @throws ProblemError invalid_request, empty_file, file_too_large, too_many_at_once, busy or queue_unavailable */
  async create(request: ApiRequest): Promise<PartialUpload> {
    const info: UploadInfo = {
      owner: ownerOf(request),
      createdAt: new Date().toISOString(),
      bytes: uploadLength(request, this.limits.maxBytes),
      metadata: uploadMetadata(request),
    };
    // tells whose it is when all are counted
    const name = await fromQueue(() => this.turnTakers.nameOf(callerOf(request)));
    const client = createHash('sha256').update(name).digest('hex').slice(0, CLIENT_DIGITS);
    const id = client + randomBytes(16).toString('hex');
    // one at a time, on all servers: calls that count together would all find room
    const lock = this.lockOf('new');
    if (!(await lock.acquireWithin(ROOM_MS))) throw refuseMore('all');
    return lock.holdWhile(async () => {
      await this.checkRoom(client);
      await fromStore((signal) => this.store.putText(objectKeys.uploadInfo(id), JSON.stringify(info), { signal }));
      return { ...info, id, pieces: [], offset: 0 };
    });
  }

  /** @throws ProblemError upload_not_found, also for another key's */
  async find(id: string, owner: string | null): Promise<PartialUpload> {
    const upload = UPLOAD_ID.test(id) ? await fromStore((signal) => readUpload(this.store, id, { signal })) : undefined;
    if (upload?.owner !== owner) throw uploadNotFound();
    return upload;
  }

  /** The upload with all that a call has stored whose client is gone, if that takes no more than a second. */
  async settled(id: string, owner: string | null): Promise<PartialUpload> {
    await this.find(id, owner);
    const lock = this.lockOf(id);
    if (await lock.acquireWithin(IN_USE_MS)) await lock.release();
    return this.find(id, owner);
  }

  /**
   * Stores the next part. Keeps what arrived before the connection broke or stalled.
   * @returns the upload with its new offset
   * @throws ProblemError upload_in_use, upload_offset_mismatch, file_too_large, upload_stalled and others
   */
  async append(id: string, request: ApiRequest): Promise<PartialUpload> {
    checkPart(request);
    const from = uploadOffset(request);
    const owner = ownerOf(request);
    await this.find(id, owner);
    return this.exclusively(id, async () => {
      const upload = await this.find(id, owner);
      this.checkNext(upload, from, Number(request.headers['content-length'] ?? 0));
      const offset = await this.slots.run(callerOf(request), () => this.receive(upload, request));
      mustNotBeRevoked(request);
      return { ...upload, offset };
    });
  }

  /** @throws ProblemError upload_not_found or upload_in_use */
  async remove(id: string, owner: string | null): Promise<void> {
    await this.find(id, owner);
    await this.exclusively(id, () => this.store.removeAll(objectKeys.upload(id)));
  }

  /**
   * Stages a complete upload like any other. One that was used before is staged from its separation's song.
   * @throws ProblemError upload_not_found or upload_incomplete
   */
  async stage(id: string, owner: string | null, signal: AbortSignal): Promise<StagedFile> {
    const again = UPLOAD_ID.test(id) ? await this.used.stage(id, owner, signal) : undefined;
    if (again !== undefined) return again;
    const upload = await this.find(id, owner);
    if (upload.offset < upload.bytes) {
      const detail = `${upload.offset} of ${upload.bytes} bytes have arrived. Send the rest, then try again.`;
      throw new ProblemError('upload_incomplete', detail);
    }
    const song = Readable.from(bytesOf(this.store, upload, { signal }), { objectMode: false });
    return stageFile(this.store, song, fileNameIn(upload.metadata), signal);
  }

  /** Removes an upload that became a separation. To use it again finds that one for as long as it would have lived. */
  async finish(id: string, become: Parameters<UsedUploads['keep']>[1]): Promise<void> {
    try {
      await this.used.keep(id, become);
      await this.store.removeAll(objectKeys.upload(id));
    } catch (error) {
      // it is accepted all the same
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(`upload ${id} could not be removed, the sweeper will: ${reason}`);
    }
  }

  private async checkRoom(client: string): Promise<void> {
    const ids = await fromStore(async (signal) => {
      const found: string[] = [];
      for await (const id of this.store.listFolders(objectKeys.uploadsPrefix, { signal })) found.push(id);
      return found;
    });
    if (ids.filter((id) => id.startsWith(client)).length >= MAX_OF_CLIENT) throw refuseMore('share');
    if (ids.length >= MAX_UPLOADS) throw refuseMore('all');
  }

  private checkNext({ offset, bytes, pieces }: PartialUpload, from: number, length: number): void {
    if (from !== offset) {
      const detail = `The upload goes on at byte ${offset}, not at ${from}. Ask for its offset with HEAD.`;
      throw new ProblemError('upload_offset_mismatch', detail, { headers: { 'Upload-Offset': String(offset) } });
    }
    if (offset + length > bytes) throw fileTooLarge(bytes);
    if (pieces.length >= MAX_PIECES + Math.ceil(bytes / PIECE_BYTES)) {
      throw malformed('The upload has come in too many parts. Start again, with larger ones.');
    }
  }

  private async receive(upload: PartialUpload, request: ApiRequest): Promise<number> {
    const limits = { ...this.limits, maxBytes: upload.bytes - upload.offset };
    request.letContinue?.();
    const body = new PartBody(request, limits);
    try {
      return await storePieces(this.store, upload.id, upload.offset, body);
    } catch (error) {
      throw uploadProblem(error, { ...limits, maxBytes: upload.bytes });
    } finally {
      body.destroy();
    }
  }

  private lockOf(id: string): RedisLock {
    return new RedisLock(this.connections, this.connections.keys.uploadLock(id), LEASE_MS);
  }

  private async exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    const lock = this.lockOf(id);
    if (await lock.acquireWithin(IN_USE_MS)) return lock.holdWhile(work);
    throw new ProblemError('upload_in_use', 'Another call is sending this upload.', { retryAfterSeconds: 1 });
  }
}

function uploadNotFound(): ProblemError {
  const detail = 'There is no such upload, it belongs to another key, or it has expired. Start a new one.';
  return new ProblemError('upload_not_found', detail);
}
