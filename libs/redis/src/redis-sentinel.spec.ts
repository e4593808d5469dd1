import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { RedisSentinel } from '../../../test/support/servers/redis-sentinel.js';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { RedisConnections } from './redis-connections.js';
import { RedisClusterError } from './redis.errors.js';

const NOBODY = new URL('redis://music:6379');

describe('a Redis with sentinels', () => {
  let servers: readonly [RedisServer, RedisServer];
  let sentinel: RedisSentinel;
  let sut: RedisConnections;

  beforeEach(async () => {
    servers = await Promise.all([RedisServer.start('--repl-diskless-sync-delay', '0'), RedisServer.start()]);
    const [primary, replica] = servers;
    await replica.command('REPLICAOF', '127.0.0.1', `${primary.port}`);
    sentinel = await RedisSentinel.watch('music', primary, 1);
    const gone = { host: '127.0.0.1', port: 1 };
    const sentinels = [gone, { host: '127.0.0.1', port: sentinel.port }];
    sut = new RedisConnections({ url: NOBODY, sentinels, sentinelMaster: 'music' });
  });

  afterEach(async () => {
    await sut.close();
    await sentinel.close();
    await Promise.all(servers.map((server) => server.close()));
  });

  it('is found, and followed to its new primary', async () => {
    await sut.ping();
    const subscriber = sut.forSubscriber();
    const heard: string[] = [];
    subscriber.on('message', (_channel, message: string) => heard.push(message));
    await subscriber.subscribe('news');
    const done: (string | undefined)[] = [];
    // with a connection for commands, and a duplicate of it for blocking reads
    const worker = new Worker('failover', ({ id }) => Promise.resolve(done.push(id)), { connection: sut.forWorker() });
    worker.on('error', () => undefined);
    await sut.call((redis) => redis.set('song', 'kept'));
    await waitUntil('the replica to have it', () => sut.call(async (redis) => (await redis.wait(1, 500)) === 1));

    await servers[0].kill();

    await waitUntil('the new primary to take writes', () =>
      sut.call((redis) => redis.set('later', 'written')).then(() => true),
    );
    expect(await sut.call((redis) => redis.get('song'))).toBe('kept');
    await waitUntil('the subscriber to hear the new primary', async () => {
      await sut.call((redis) => redis.publish('news', 'hello'));
      return heard.includes('hello');
    });
    const queue = new Queue('failover', { connection: sut.forQueue() });
    queue.on('error', () => undefined);
    await waitUntil('the queue to take a job', () => queue.add('song', {}, { jobId: 'later' }).then(() => true));
    await waitUntil('the worker to take it from the new primary', () => done.includes('later'), { deadlineMs: 20_000 });
    await Promise.all([worker.close(), queue.close()]);
  });
});

describe('a Redis Cluster', () => {
  let cluster: RedisServer;
  let single: RedisServer;

  beforeEach(async () => {
    [cluster, single] = await Promise.all([RedisServer.start('--cluster-enabled', 'yes'), RedisServer.start()]);
  });

  afterEach(async () => {
    await Promise.all([cluster.close(), single.close()]);
  });

  it('is refused at the start with a sentence, and nothing else is', async () => {
    const start = async (url: URL): Promise<void> => {
      const connections = new RedisConnections({ url });
      await connections.onApplicationBootstrap().finally(() => connections.close());
    };
    await expect(start(cluster.url)).rejects.toThrow(RedisClusterError);
    await expect(start(cluster.url)).rejects.toThrow(
      `The Redis at 127.0.0.1:${cluster.port} runs in cluster mode, which is not supported`,
    );
    await expect(start(single.url)).resolves.toBeUndefined();
    // it may come up later
    await expect(start(new URL('redis://127.0.0.1:1'))).resolves.toBeUndefined();
  });
});
