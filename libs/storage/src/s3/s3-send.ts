import type { IncomingMessage } from 'node:http';
import type * as Minio from 'minio';
import { NotKeptError } from '../storage.errors.js';
import type { PartDigest } from './object-digest.js';
import { bareEtag } from './s3-head.js';

const MAX_ANSWER_BYTES = 64 * 1024;

export interface SentBytes {
  readonly bucket: string;
  readonly key: string;
  readonly query?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly digest: PartDigest;
  /** whether the signature covers the bytes: over TLS it does not */
  readonly isSigned: boolean;
}

/** Puts an object or a part, and hashes its bytes only once. @returns the ETag of the answer */
export async function sendBytes(client: Minio.Client, sent: SentBytes): Promise<string | undefined> {
  const { bucket, key, query, bytes, digest, isSigned } = sent;
  const headers = { ...sent.headers, 'content-length': String(bytes.length) };
  const request = { method: 'PUT', bucketName: bucket, objectName: key, headers, ...(query && { query }) };
  const answer = await client.makeRequestStreamAsync(request, bytes, isSigned ? digest.hex : '', [200], '');
  failOnError(await readAnswer(answer));
  return bareEtag(answer.headers.etag);
}

/** Completes an upload in parts. @returns the ETag of the object */
export async function sendCompletion(
  client: Minio.Client,
  { bucket, key, uploadId }: { readonly bucket: string; readonly key: string; readonly uploadId: string },
  parts: readonly { readonly etag: string; readonly sha256?: string }[],
): Promise<string | undefined> {
  // the client's own call leaves out the checksums, which AWS then misses
  const listed = parts.map(({ etag, sha256 }, index) => {
    const checksum = sha256 === undefined ? '' : `<ChecksumSHA256>${sha256}</ChecksumSHA256>`;
    return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag>${checksum}</Part>`;
  });
  const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`;
  const query = `uploadId=${encodeURIComponent(uploadId)}`;
  const request = { method: 'POST', bucketName: bucket, objectName: key, query };
  const answer = await readAnswer(await client.makeRequestAsync(request, body));
  failOnError(answer);
  return /<ETag>(?:&#34;|&quot;|")?([^<&"]+)/.exec(answer)?.[1];
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
  }
  return text;
}

/** a store may begin with 200 and fail later */
function failOnError(answer: string): void {
  const code = /<Error>[\s\S]*<Code>([^<]+)</.exec(answer)?.[1];
  if (code === undefined) return;
  throw new NotKeptError(`the store answered 200 with ${code}`);
}
