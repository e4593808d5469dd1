import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisConnections, RedisKeys } from '@app/redis';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { TurnTakers } from './turn-takers.js';

describe(TurnTakers.name, () => {
  let redis: RedisServer;
  const opened: RedisConnections[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await redis.close();
  });

  function server(installation: string): TurnTakers {
    const connections = new RedisConnections({ url: redis.url }, new RedisKeys(installation));
    opened.push(connections);
    return new TurnTakers(connections);
  }

  it('gives an address the same class on every server, and another one in another installation', async () => {
    const [one, other, elsewhere] = await Promise.all(
      [server('a'), server('a'), server('b')].map((sut) => sut.nameOf('address:10.0.0.9')),
    );
    expect(one).toMatch(/^address:[0-9a-f]{16}$/);
    expect(other).toBe(one);
    expect(elsewhere).not.toBe(one);
  });

  it('names a key as it is', async () => {
    expect(await server('a').nameOf('key:ann')).toBe('key:ann');
  });
});
