import type { StorageConfig } from '@app/config';
import type * as Minio from 'minio';
import { MinioService } from 'nestjs-minio-client';
import { FolderObjectStore } from './folder/folder-object-store.js';
import { S3Calls } from './s3/s3-calls.js';
import { s3Connection, type S3Config, type S3Connection } from './s3/s3-connection.js';
import { S3ObjectStore, type S3Sizes } from './s3/s3-object-store.js';
import type { ObjectStore } from './object-store.js';

/** Opens the store of any driver. The caller closes it; apps import StorageModule, which does. */
export function createObjectStore(config: StorageConfig): ObjectStore {
  if (config.driver === 'folder') return new FolderObjectStore(config.root);
  const connection = s3Connection(config);
  return createS3ObjectStore(config, connection, new MinioService(connection.clientOptions).client);
}

export function createS3ObjectStore(
  config: S3Config,
  { transport }: S3Connection,
  client: Minio.Client,
  sizes?: S3Sizes,
): S3ObjectStore {
  const calls = new S3Calls(client, transport, config.bucket, config.region);
  const close = (): void => {
    transport.close();
  };
  return new S3ObjectStore(calls, close, sizes);
}
