import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { RedisKeys } from '@app/redis';
import type { DrillService } from '../service/drill-service.js';

/** longer than every age that a sweep of the service waits for */
const AGE_MS = 3 * 24 * 3600 * 1000;

/** Makes what is stored and planned look days old: sweeps go by age, and a drill cannot wait for hours. */
export async function ageEverything(service: DrillService): Promise<void> {
  await bringSweepsForward(service.redis.url);
  for (const { s3 } of service.servers.values()) s3?.age(AGE_MS);
  if (service.s3 !== undefined) return;
  const past = new Date(Date.now() - AGE_MS);
  for (const entry of await readdir(service.dataFolder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), past, past);
  }
}

async function bringSweepsForward(url: URL): Promise<void> {
  const redis = new Redis(url.href, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  const { unswept } = new RedisKeys();
  try {
    for (const id of await redis.zrange(unswept, '0', '-1')) await redis.zadd(unswept, 'XX', '0', id);
  } finally {
    redis.disconnect();
  }
}
