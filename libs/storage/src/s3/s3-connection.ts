import type { StorageConfig } from '@app/config';
import type { ClientOptions } from 'minio';
import { S3Transport } from './s3-transport.js';
import { WebIdentity } from './web-identity.js';

export type S3Config = Extract<StorageConfig, { driver: 's3' }>;

type ClientLogin = Pick<ClientOptions, 'accessKey' | 'secretKey' | 'credentialsProvider'>;

export interface S3Connection {
  readonly transport: S3Transport;
  readonly clientOptions: ClientOptions;
}

export function s3Connection(config: S3Config): S3Connection {
  const { endpoint, region } = config;
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
      ...login(config),
      pathStyle: true,
      transport,
      transportAgent: transport.agent,
      // the callers retry; retries here would hide an outage
      retryOptions: { disableRetry: true },
    },
  };
}

/** Keys, or a provider that gets new ones from AWS before they expire. */
function login({ accessKey, secretKey }: S3Config): ClientLogin {
  if (accessKey === undefined || secretKey === undefined) return { credentialsProvider: new WebIdentity() };
  return { accessKey, secretKey };
}
