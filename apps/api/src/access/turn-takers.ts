import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RedisConnections } from '@app/redis';
import { networkIn } from './client.js';

const SECRET_BYTES = 32;

/** Names who takes turns in the queue. */
@Injectable()
export class TurnTakers {
  constructor(private readonly connections: RedisConnections) {}

  /**
   * A key, or a class of addresses: `address:` and 16 hex digits. It is stored with the song, and tells nobody's address;
   * only this installation can say which class an address has. A wiped Redis begins with other classes.
   * @throws RedisUnavailableError
   */
  async nameOf(client: string): Promise<string> {
    const network = networkIn(client);
    if (network === undefined) return client;
    return `address:${createHmac('sha256', await this.secret())
      .update(network)
      .digest('hex')
      .slice(0, 16)}`;
  }

  private secret(): Promise<string> {
    const key = this.connections.keys.turnSecret;
    return this.connections.call(async (redis) => {
      const fresh = randomBytes(SECRET_BYTES).toString('hex');
      return (await redis.set(key, fresh, 'NX')) === 'OK' ? fresh : ((await redis.get(key)) ?? fresh);
    });
  }
}
