import type { Readable } from 'node:stream';

const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Reads a stream into a string. @throws RangeError above 1 MiB */
export async function readDocument(key: string, stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // leaving the loop early destroys the stream
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_DOCUMENT_BYTES) throw new RangeError(`${key} is larger than the 1 MiB limit for documents`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
