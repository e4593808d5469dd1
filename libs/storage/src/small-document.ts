import type { Readable } from 'node:stream';
import { DocumentTooLargeError } from './storage.errors.js';

const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Reads a stream into a string. @throws DocumentTooLargeError above 1 MiB */
export async function readDocument(key: string, stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // leaving the loop early destroys the stream
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_DOCUMENT_BYTES) throw new DocumentTooLargeError(key);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
