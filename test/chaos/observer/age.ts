import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { RedisKeys } from '@app/redis';
import type { DrillService } from '../service/drill-service.js';

/** longer than every age that a sweep of the service waits for */
const AGE_MS = 3 * 24 * 3600 * 1000;

/** Makes what is stored look days old: sweeps go by age, and a drill cannot wait for hours. */
export async function ageStore(service: DrillService): Promise<void> {
  for (const { s3 } of service.servers.values()) s3?.age(AGE_MS);
  if (service.s3 !== undefined) return;
  const past = new Date(Date.now() - AGE_MS);
  for (const entry of await readdir(service.dataFolder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), past, past);
  }
}

/** Makes every sweep that is planned for an ended separation due. */
export async function bringSweepsForward(url: URL): Promise<void> {
  await withSweeps(url, async (redis, unswept) => {
    for (const id of await redis.zrange(unswept, '0', '-1')) await redis.zadd(unswept, 'XX', '0', id);
  });
}

/** @returns how many sweeps of ended separations are due */
export async function sweepsDue(url: URL): Promise<number> {
  return withSweeps(url, (redis, unswept) => redis.zcount(unswept, '-inf', Date.now()));
}

async function withSweeps<T>(url: URL, work: (redis: Redis, unswept: string) => Promise<T>): Promise<T> {
  const redis = new Redis(url.href, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  try {
    return await work(redis, new RedisKeys().unswept);
  } finally {
    redis.disconnect();
  }
}
