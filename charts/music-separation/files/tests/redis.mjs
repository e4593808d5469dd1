// Redis answers, accepts writes, and does not drop keys when it is full
import { createRequire } from 'node:module';

const { Redis } = createRequire('/app/')('ioredis');
const { REDIS_URL, REDIS_SENTINELS = '', REDIS_SENTINEL_MASTER: name, REDIS_SENTINEL_PASSWORD } = process.env;
const sentinels = REDIS_SENTINELS.split(',').flatMap((address) => {
  const [, host, port = 26379] = /^(.*?)(?::(\d+))?$/.exec(address);
  return host === '' ? [] : [{ host: host.replace(/^\[|\]$/g, ''), port: Number(port) }];
});
const tls = REDIS_URL.startsWith('rediss:') ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {};
const found = { sentinels, name, sentinelPassword: REDIS_SENTINEL_PASSWORD, ...tls };
const redis = new Redis(REDIS_URL, {
  maxRetriesPerRequest: 1,
  commandTimeout: 5000,
  ...(sentinels.length > 0 && found),
});
redis.on('error', (error) => console.error(error.message));
const key = `bull:separations:helm-test:${process.pid}`;
await redis.set(key, 'written', 'EX', 10);
const kept = await redis.get(key);
const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
console.log(`read back: ${kept}, maxmemory policy: ${policy}`);
process.exitCode = kept === 'written' && policy === 'noeviction' ? 0 : 1;
await redis.quit();
