import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { nextAttemptAt } from './retry-schedule.js';
import { newSecret, signedHeaders } from './signature.js';

type Verify = (secret: string, headers: Readonly<Record<string, string>>, body: string) => boolean;

describe(signedHeaders.name, () => {
  it('signs the example of the standard as the standard does', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = '{"test": 2432232314}';
    expect(signedHeaders(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, body)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('passes the check that docs/webhooks.md shows, and a changed or old delivery does not', async () => {
    const page = await readFile('docs/webhooks.md', 'utf8');
    const [, code = ''] = /<!-- verify:start -->\s*```js\n(.*?)```/s.exec(page) ?? [];
    const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { isGenuine: Verify };
    const secret = newSecret();
    const headers = signedHeaders(secret, 'sep_1_completed', Date.now(), 'body');
    expect(isGenuine(secret, headers, 'body')).toBe(true);
    const several = { ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature'] ?? ''}` };
    expect(isGenuine(secret, several, 'body')).toBe(true);
    expect(isGenuine(secret, headers, 'another')).toBe(false);
    expect(isGenuine(secret, { ...headers, 'webhook-id': 'sep_2_completed' }, 'body')).toBe(false);
    expect(isGenuine(newSecret(), headers, 'body')).toBe(false);
    expect(isGenuine(secret, {}, 'body')).toBe(false);
    const old = signedHeaders(secret, 'sep_1_completed', Date.now() - 600_000, 'body');
    expect(isGenuine(secret, old, 'body')).toBe(false);
  });
});

describe(nextAttemptAt.name, () => {
  it('makes the last attempt a day after the first was due, and none after that', () => {
    const day = 24 * 3600 * 1000;
    expect(nextAttemptAt(0, 20, day - 1000)).toBe(day);
    expect(nextAttemptAt(0, 20, day)).toBeUndefined();
  });
});
