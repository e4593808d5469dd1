import { objectKeys } from '@app/separations';
import { ofLength, type CallOptions, type ObjectStore } from '@app/storage';
import { json } from '@app/redis';
import { z } from 'zod';

/** from its creation */
export const UPLOAD_LIFETIME_MS = 24 * 3600 * 1000;
/** of one that holds a place and has no piece: longer than the slowest client takes to send the first one */
const EMPTY_LIFETIME_MS = 3 * 3600 * 1000;

const UPLOAD_INFO = z.object({
  /** of the access key, null without one */
  owner: z.string().nullable(),
  createdAt: z.iso.datetime(),
  bytes: z.int().positive(),
  /** as the client sent it */
  metadata: z.string(),
});

export type UploadInfo = z.infer<typeof UPLOAD_INFO>;

interface Piece {
  readonly key: string;
  readonly bytes: number;
}

/** An upload that can be resumed. */
export interface PartialUpload extends UploadInfo {
  readonly id: string;
  readonly pieces: readonly Piece[];
  /** bytes that are stored */
  readonly offset: number;
}

export function expiryOf({ createdAt }: Pick<UploadInfo, 'createdAt'>): Date {
  return new Date(Date.parse(createdAt) + UPLOAD_LIFETIME_MS);
}

/** undefined if there is none, or it has expired */
export async function readUpload(
  store: ObjectStore,
  id: string,
  options: CallOptions,
): Promise<PartialUpload | undefined> {
  const info = await readInfo(store, id, options);
  if (info === undefined) return undefined;
  const pieces: Piece[] = [];
  let offset = 0;
  for await (const { key, bytes } of store.list(objectKeys.uploadPieces(id), options)) {
    // two calls at once, while Redis was wiped, may have left pieces that overlap
    if (key !== objectKeys.uploadPiece(id, offset)) continue;
    pieces.push({ key, bytes });
    offset += bytes;
  }
  return { ...info, id, pieces, offset };
}

/** The bytes of an upload, from its first piece to its last. */
export async function* bytesOf(
  store: ObjectStore,
  upload: PartialUpload,
  options: CallOptions,
): AsyncGenerator<Buffer> {
  for (const { key, bytes } of upload.pieces) {
    yield* ofLength(bytes, await store.get(key, options)) as AsyncIterable<Buffer>;
  }
}

/** Removes the uploads that have expired, those that never began, and what a call stored of one that was removed meanwhile. */
export async function sweepUploads(store: ObjectStore, options: CallOptions): Promise<void> {
  for await (const id of store.listFolders(objectKeys.uploadsPrefix, options)) {
    const upload = await readUpload(store, id, options);
    if (upload === undefined || isAbandoned(upload)) await store.removeAll(objectKeys.upload(id), options);
  }
}

function isAbandoned({ offset, createdAt }: PartialUpload): boolean {
  return offset === 0 && Date.parse(createdAt) + EMPTY_LIFETIME_MS <= Date.now();
}

async function readInfo(store: ObjectStore, id: string, options: CallOptions): Promise<UploadInfo | undefined> {
  const { data } = UPLOAD_INFO.safeParse(json(await store.getText(objectKeys.uploadInfo(id), options)));
  return data === undefined || expiryOf(data) <= new Date() ? undefined : data;
}
