import { Readable } from 'node:stream';
import { objectKeys } from '@app/separations';
import type { ObjectStore } from '@app/storage';

/** a server that dies loses less than this of what arrived */
export const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Stores a body in pieces, the first of them at `offset` of the upload. When the body fails, it stores what came before,
 * and then fails with the same error.
 * @returns the offset of what comes next
 */
export async function storePieces(store: ObjectStore, id: string, offset: number, body: Readable): Promise<number> {
  const chunks = body.iterator() as AsyncIterator<Buffer, undefined>;
  let failure: { readonly reason: unknown } | undefined;
  const read = async (): Promise<Buffer | undefined> => {
    try {
      return (await chunks.next()).value;
    } catch (reason) {
      failure = { reason };
      return undefined;
    }
  };
  async function* piece(first: Buffer): AsyncGenerator<Buffer> {
    let bytes = 0;
    for (let chunk: Buffer | undefined = first; chunk !== undefined; chunk = await read()) {
      yield chunk;
      bytes += chunk.length;
      if (bytes >= PIECE_BYTES) return;
    }
  }
  let at = offset;
  for (let first = await read(); first !== undefined; first = await read()) {
    const { bytes } = await store.put(objectKeys.uploadPiece(id, at), Readable.from(piece(first)));
    at += bytes;
  }
  // TypeScript does not see that \`read\` sets it
  const failed = failure as { readonly reason: unknown } | undefined;
  if (failed !== undefined) throw failed.reason;
  return at;
}
