import type { StorageConfig } from '@app/config';
import type { ClientOptions } from 'minio';
import { S3Transport } from './s3-transport.js';

export type S3Config = Extract<StorageConfig, { driver: 's3' }>;

export interface S3Connection {
  readonly transport: S3Transport;
  readonly clientOptions: ClientOptions;
}

export function s3Connection({ endpoint, region, accessKey, secretKey }: S3Config): S3Connection {
  const transport = new S3Transport(endpoint);
  const useSSL = endpoint.protocol === 'https:';
  const port = endpoint.port === '' ? (useSSL ? 443 : 80) : Number(endpoint.port);
  return {
    transport,
    clientOptions: {
      endPoint: endpoint.hostname,
      port,
      useSSL,
      region,
      accessKey,
      secretKey,
      pathStyle: true,
      transport,
      transportAgent: transport.agent,
      // the callers retry; retries here would hide an outage
      retryOptions: { disableRetry: true },
    },
  };
}
