import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Delivery } from '@app/separations';
import { selfSigned } from '../../../../test/support/servers/certificate.js';
import { startHookReceiver } from '../../../../test/support/servers/hook-receiver.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { Deliverer } from './deliverer.js';
import { DeliveryBench, OWNER, TIMEOUT_MS } from './delivery-bench.fixture.js';
import { omit } from './omit.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

describe(`${Deliverer.name}, with a hostile receiver`, () => {
  let bench: DeliveryBench;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    bench = await DeliveryBench.start();
  });

  afterAll(() => bench.close());
  beforeEach(() => bench.begin());
  afterEach(() => bench.finish());

  const last = ({ attempts }: Delivery): unknown => attempts.at(-1);

  it('tries again after 5 s, 30 s, 2 min, 10 min and an hour while the receiver fails, and writes down each', async () => {
    bench.receiver.answer((response) => response.writeHead(500).end());
    const webhook = await bench.register();
    await bench.end();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      await bench.deliver();
      const { nextAttemptAt = '' } = await bench.onlyDelivery(webhook);
      const wait = Date.parse(nextAttemptAt) - bench.parts.clock.now();
      waits.push(Math.round(wait / SECOND));
      bench.parts.clock.move(wait - SECOND);
      expect(await bench.deliver()).toBe(0);
      bench.parts.clock.move(SECOND);
    }
    expect(waits).toEqual([5, 30, 120, 600, 3600, 3600]);
    bench.receiver.answer((response) => response.writeHead(200).end());
    await bench.deliver();
    const { status, attempts } = await bench.onlyDelivery(webhook);
    expect(status).toBe('delivered');
    expect(attempts.map((attempt) => attempt.status)).toEqual([500, 500, 500, 500, 500, 500, 200]);
    const ids = new Set(bench.receiver.received.map(({ headers }) => headers['webhook-id']));
    expect(ids.size).toBe(1);
  });

  it('disables a webhook after a day of failures, with the reason, and enables it when a redelivery succeeds', async () => {
    bench.receiver.answer((response) => response.writeHead(503).end());
    const webhook = await bench.register();
    await bench.end();
    for (let hours = 0; hours < 30; hours++) {
      await bench.deliver();
      bench.parts.clock.move(HOUR);
    }
    const failed = await bench.onlyDelivery(webhook);
    expect(failed.status).toBe('failed');
    expect(failed).not.toHaveProperty('nextAttemptAt');
    const day = Date.parse(failed.attempts.at(-1)?.at ?? '') - Date.parse(failed.createdAt);
    expect(day / HOUR).toBeCloseTo(24, 0);
    expect((await bench.parts.service.get(OWNER, webhook.id)).disabled?.reason).toBe(
      'Nothing was accepted for 24 h. The last attempt: The receiver answered HTTP 503.',
    );
    await bench.end();
    expect(await bench.deliver()).toBe(0);
    // once, and no day of retries
    await bench.parts.service.redeliver(OWNER, webhook.id, failed.n);
    await bench.deliver();
    expect((await bench.onlyDelivery(webhook)).status).toBe('failed');
    bench.receiver.answer((response) => response.writeHead(200).end());
    await bench.parts.service.redeliver(OWNER, webhook.id, failed.n);
    await bench.deliver();
    expect((await bench.onlyDelivery(webhook)).status).toBe('delivered');
    expect(await bench.parts.service.get(OWNER, webhook.id)).not.toHaveProperty('disabled');
    await bench.end();
    expect(await bench.deliver()).toBe(1);
  });

  it('gives up one delivery that is refused for a day, and keeps a webhook that accepts others', async () => {
    bench.receiver.answer((response) => response.writeHead(422).end());
    const webhook = await bench.register();
    await bench.end();
    await bench.deliver();
    const { n } = await bench.onlyDelivery(webhook);
    bench.receiver.answer((response) => response.writeHead(200).end());
    bench.parts.clock.move(SECOND);
    await bench.end();
    await bench.deliver();
    bench.receiver.answer((response) => response.writeHead(422).end());
    for (let hours = 0; hours < 26; hours++) {
      bench.parts.clock.move(HOUR);
      await bench.deliver();
    }
    const log = await bench.log(webhook);
    expect(log.map((delivery) => [delivery.n === n, delivery.status])).toEqual([
      [false, 'delivered'],
      [true, 'failed'],
    ]);
    expect(await bench.parts.service.get(OWNER, webhook.id)).toEqual(omit(webhook, 'secret'));
    // for a day after that, nothing is accepted
    await bench.end();
    for (let hours = 0; hours < 26; hours++) {
      await bench.deliver();
      bench.parts.clock.move(HOUR);
    }
    expect(await bench.parts.service.get(OWNER, webhook.id)).toHaveProperty('disabled');
  });

  it('does not wait for a receiver that never answers with what is for others', async () => {
    bench.receiver.answer(() => undefined);
    const slow = await bench.register();
    for (let song = 0; song < 5; song++) await bench.end();
    const other = await startHookReceiver();
    try {
      await bench.register(`http://hooks.test:${other.port}/`);
      const { id } = await bench.end();
      await bench.parts.deliverer.look();
      await waitUntil('the other receiver to hear of it', () => other.received.length === 1, {
        deadlineMs: TIMEOUT_MS / 2,
      });
      expect(other.received[0]?.headers['webhook-id']).toMatch(new RegExp(`^${id}_completed_`));
      await bench.parts.deliverer.idle();
      expect(bench.receiver.received).toHaveLength(2);
      const attempts = (await bench.log(slow)).flatMap((delivery) => delivery.attempts);
      expect(attempts).toMatchObject(
        Array(2).fill({ outcome: 'timed_out', detail: 'There was no answer within 0.5 s.' }),
      );
    } finally {
      await other.close();
    }
  });

  it('does not wait for an owner whose receivers never answer with what is for other owners', async () => {
    bench.receiver.answer(() => undefined);
    for (let one = 0; one < 8; one++) await bench.register();
    for (let song = 0; song < 2; song++) await bench.end();
    expect(await bench.parts.deliverer.look()).toBe(4);
    const other = await startHookReceiver();
    try {
      await bench.parts.service.create('bob', { url: `http://hooks.test:${other.port}/` });
      await bench.announce(await bench.completed('bob'));
      expect(await bench.parts.deliverer.look()).toBe(1);
      await waitUntil('the other owner to hear of it', () => other.received.length === 1);
    } finally {
      await bench.parts.deliverer.idle();
      await other.close();
    }
  });

  it('follows no redirect', async () => {
    bench.receiver.answer((response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${bench.receiver.port}/in` }).end(),
    );
    const webhook = await bench.register();
    await bench.end();
    await bench.deliver();
    expect(bench.receiver.received.map(({ path }) => path)).toEqual(['/']);
    const delivery = await bench.onlyDelivery(webhook);
    expect(delivery.status).toBe('due');
    expect(last(delivery)).toMatchObject({
      outcome: 'redirected',
      status: 307,
      detail: 'The receiver answered HTTP 307. Redirects are not followed.',
    });
  });

  it('refuses an address that became private after the webhook was registered', async () => {
    bench.parts = bench.server([]);
    bench.dns.answer('hooks.test', '8.8.8.8', '127.0.0.1');
    const webhook = await bench.register();
    await bench.end();
    await bench.deliver();
    expect(bench.receiver.received).toEqual([]);
    expect(last(await bench.onlyDelivery(webhook))).toMatchObject({
      outcome: 'address_refused',
      detail: 'hooks.test does not lead to a public address.',
    });
  });

  it('registers nothing for a name that is unknown or of its own network, and answers alike', async () => {
    bench.dns.answer('inner.test', '10.0.0.1');
    for (const host of ['inner.test', 'nowhere.test']) {
      await expect(bench.register(`http://${host}/`)).rejects.toMatchObject({
        code: 'address_refused',
        detail: `${host} does not lead to a public address.`,
      });
    }
  });

  it('connects to the address that it checked, whatever the name server says then', async () => {
    bench.dns.answer('hooks.test', '127.0.0.1');
    await bench.register();
    await bench.end();
    // a second question would lead elsewhere
    bench.dns.answer('hooks.test', '127.0.0.1', '192.0.2.1');
    await bench.deliver();
    expect(bench.receiver.received).toHaveLength(1);
  });

  it('reads no more of an endless answer than it must', async () => {
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      bench.receiver.answer((response) => {
        response.once('close', resolve);
        pour(response, (bytes) => (sent += bytes));
      });
    });
    const webhook = await bench.register();
    await bench.end();
    await bench.deliver();
    await closed;
    // what the sockets hold
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    expect(last(await bench.onlyDelivery(webhook))).toMatchObject({
      outcome: 'delivered',
      detail: 'The receiver answered HTTP 200. Its answer is longer than 4 KiB; the rest was not read.',
    });
  });

  it('sends nothing to a server whose certificate nobody vouches for', async () => {
    let calls = 0;
    const server = createTlsServer(await selfSigned('hooks.test'), (_, response) => {
      calls += 1;
      response.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const webhook = await bench.register(`https://hooks.test:${(server.address() as AddressInfo).port}/`);
    await bench.end();
    await bench.deliver();
    server.close();
    expect(calls).toBe(0);
    expect(last(await bench.onlyDelivery(webhook))).toMatchObject({ outcome: 'tls_failed' });
  });
});

function pour(response: ServerResponse, count: (bytes: number) => void): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    while (!response.destroyed) {
      count(chunk.length);
      if (!response.write(chunk)) break;
    }
  };
  response.on('drain', more);
  more();
}
