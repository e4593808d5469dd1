// connections to Redis, its keys, and a lock between processes.
export { sentinelOptions, type RedisAddress } from './redis-address.js';
export { RedisConnections } from './redis-connections.js';
export { isFromReplica, RedisClusterError, RedisUnavailableError } from './redis.errors.js';
export { ANALYSIS_QUEUE_NAME, QueueKeys, RedisKeys, QUEUE_NAME } from './redis-keys.js';
export { RedisLock } from './redis-lock.js';
export { RedisModule } from './redis.module.js';
export { watchConnection } from './watched-redis.js';
export { allReplies, json, texts } from './replies.js';
