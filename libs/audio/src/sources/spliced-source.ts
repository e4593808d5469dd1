import { Readable } from 'node:stream';
import type { SeekableSource } from './seekable-source.js';

/** A range of the song, its end excluded, or bytes of our own, repeated. */
export type Piece =
  { readonly start: number; readonly end: number } | { readonly bytes: Buffer; readonly times: number };

/** The pieces of a song, one after the other, as a song of its own. */
export function spliceSource(source: SeekableSource, pieces: readonly Piece[]): SeekableSource {
  return {
    bytes: pieces.reduce((sum, piece) => sum + lengthOf(piece), 0),
    read: (range) => Promise.resolve(Readable.from(readPieces(source, pieces, range), { objectMode: false })),
  };
}

/** @param end excluded */
export function sliceSource(source: SeekableSource, start: number, end: number): SeekableSource {
  if (start === 0 && end === source.bytes) return source;
  return {
    bytes: Math.max(end - start, 0),
    read: (range) => source.read({ start: start + range.start, end: start + range.end }),
  };
}

async function* readPieces(
  source: SeekableSource,
  pieces: readonly Piece[],
  range: { readonly start: number; readonly end: number },
): AsyncGenerator<Buffer> {
  let at = 0;
  for (const piece of pieces) {
    const length = lengthOf(piece);
    const from = Math.max(range.start - at, 0);
    const to = Math.min(range.end + 1 - at, length);
    at += length;
    if (from >= to) continue;
    if ('bytes' in piece) yield* repeat(piece.bytes, from, to);
    else yield* await source.read({ start: piece.start + from, end: piece.start + to - 1 });
  }
}

function* repeat(bytes: Buffer, from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to;) {
    const offset = at % bytes.length;
    const part = bytes.subarray(offset, Math.min(bytes.length, offset + to - at));
    yield part;
    at += part.length;
  }
}

function lengthOf(piece: Piece): number {
  return 'bytes' in piece ? piece.bytes.length * piece.times : piece.end - piece.start;
}
