import type { ObjectInfo } from '../object-store.js';
import type { S3CallOptions, S3Calls } from './s3-calls.js';
import { isMissingObject } from './s3-failure.js';

export interface S3Head extends ObjectInfo {
  /** without quotes */
  readonly etag: string | undefined;
  /** in the store's notation, if it tells one */
  readonly sha256: string | undefined;
}

/** undefined if the object does not exist */
export async function headObject(calls: S3Calls, key: string, options: S3CallOptions): Promise<S3Head | undefined> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' };
  const request = { method: 'HEAD', bucketName: calls.bucket, objectName: key, headers };
  try {
    const answer = await calls.run((client) => client.makeRequestAsyncOmit(request), options);
    const sha256 = answer.headers['x-amz-checksum-sha256'];
    return {
      key,
      bytes: Number(answer.headers['content-length']),
      modifiedAt: new Date(answer.headers['last-modified'] ?? Number.NaN),
      etag: bareEtag(answer.headers.etag),
      sha256: typeof sha256 === 'string' ? sha256 : undefined,
    };
  } catch (error) {
    if (isMissingObject(error)) return undefined;
    throw error;
  }
}

export function bareEtag(etag: string | undefined): string | undefined {
  return etag?.replace(/^"|"$/g, '');
}
