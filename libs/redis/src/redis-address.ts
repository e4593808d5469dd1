import type { RedisConfig } from '@app/config';
import type { RedisOptions } from 'ioredis';

/** Where Redis is: at the URL, or where the sentinels say. Then the URL only has the login, the database and TLS. */
export type RedisAddress = Pick<RedisConfig, 'url'> & Partial<RedisConfig>;

type SentinelOptions = Pick<
  RedisOptions,
  'sentinels' | 'name' | 'sentinelPassword' | 'sentinelCommandTimeout' | 'enableTLSForSentinelMode' | 'sentinelTLS'
>;

const SENTINEL_TIMEOUT_MS = 2000;

/** Options beside the URL, for every connection. */
export function sentinelOptions({
  url,
  sentinels = [],
  sentinelMaster,
  sentinelPassword,
}: RedisAddress): SentinelOptions {
  if (sentinels.length === 0) return {};
  const tls = url.protocol === 'rediss:';
  return {
    sentinels: [...sentinels],
    ...(sentinelMaster !== undefined && { name: sentinelMaster }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  };
}
