import type { S3ServerConfig } from './s3-server.js';

/** The environment that makes a server keep its objects there. */
export function s3Environment({
  endpoint,
  region,
  bucket,
  accessKey,
  secretKey,
}: S3ServerConfig): Record<string, string> {
  return {
    STORAGE: 's3',
    S3_ENDPOINT: endpoint.href,
    S3_REGION: region,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
  };
}
