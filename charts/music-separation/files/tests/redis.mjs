// Redis answers, accepts writes, and does not drop keys when it is full
import { createRequire } from 'node:module';

const { Redis } = createRequire('/app/')('ioredis');
const redis = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: 1, commandTimeout: 5000 });
redis.on('error', (error) => console.error(error.message));
const key = `bull:separations:helm-test:${process.pid}`;
await redis.set(key, 'written', 'EX', 10);
const kept = await redis.get(key);
const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
console.log(`read back: ${kept}, maxmemory policy: ${policy}`);
process.exitCode = kept === 'written' && policy === 'noeviction' ? 0 : 1;
await redis.quit();
