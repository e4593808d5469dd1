import type { ObjectInfo } from '../object-store.js';
import type { S3CallOptions, S3Calls } from './s3-calls.js';

export interface ListQuery {
  readonly prefix: string;
  /** false stops at the next slash */
  readonly recursive: boolean;
  readonly size: number;
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  /** names without prefix and slash */
  readonly folders: readonly string[];
}

/** Pages in key order. Requests a page when the reader has used up the one before. */
export async function* listPages(
  calls: S3Calls,
  { prefix, recursive, size }: ListQuery,
  options: S3CallOptions,
): AsyncGenerator<ListPage> {
  const delimiter = recursive ? '' : '/';
  for (let token = '', more = true; more;) {
    const position = token;
    const page = await calls.run(
      (client) => client.listObjectsV2Query(calls.bucket, prefix, position, delimiter, size, ''),
      options,
    );
    const objects: ObjectInfo[] = [];
    const folders: string[] = [];
    for (const item of page.objects) {
      if (item.prefix === undefined) objects.push({ key: item.name, bytes: item.size, modifiedAt: item.lastModified });
      else folders.push(item.prefix.slice(prefix.length, -1));
    }
    yield { objects, folders };
    token = page.nextContinuationToken;
    more = page.isTruncated;
  }
}

export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

export async function* listUnfinishedUploads(calls: S3Calls, options: S3CallOptions): AsyncGenerator<UnfinishedUpload> {
  for (let marker = '', more = true; more;) {
    const position = marker;
    const page = await calls.run(
      (client) => client.listIncompleteUploadsQuery(calls.bucket, '', position, '', ''),
      options,
    );
    yield* page.uploads;
    marker = page.nextKeyMarker;
    more = page.isTruncated;
  }
}
