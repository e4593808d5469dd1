// byte streams for the contract's specs.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { PassThrough, Readable } from 'node:stream';
import type { ObjectStore } from '../object-store.js';

export const MIB = 1024 * 1024;

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Resolves when the store has read everything except what the stream buffers. */
export async function write(source: PassThrough, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += MIB) {
    if (!source.write(Buffer.alloc(MIB))) await once(source, 'drain');
  }
}

export async function read(store: ObjectStore, key: string, range?: { start: number; end: number }): Promise<Buffer> {
  const stream = await store.get(key, range && { range });
  return Buffer.concat(await collect(stream as AsyncIterable<Buffer>));
}

export async function digest(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

export function* randomPieces(bytes: number, piece: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece) {
    const chunk = randomBytes(Math.min(piece, bytes - sent));
    hash.update(chunk);
    yield chunk;
  }
}

export function* repeated(piece: Buffer, bytes: number, onPiece: () => void = () => undefined): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece.length) {
    onPiece();
    yield piece;
  }
}

export function* failing(bytes: number, failure: Error): Generator<Buffer> {
  yield* repeated(Buffer.alloc(MIB), bytes);
  throw failure;
}
