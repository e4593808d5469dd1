import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { someRedis } from '../../../../test/support/servers/redis-server.js';
import { QueueFixture, gate, someJob } from '../../../../test/support/separations/queue-fixture.js';
import { SeparationWorker } from './separation-worker.js';
import { patient } from '../../../../test/support/patience.js';

describe(`${SeparationWorker.name} that is killed`, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let fixture: QueueFixture;

  beforeAll(async () => {
    redis = await someRedis();
    fixture = new QueueFixture(redis.url);
  });
  afterAll(async () => {
    await fixture.close();
    await redis.close();
  });

  it('gives its job to another worker within 20 s, with no attempt spent', async () => {
    const job = someJob();
    const script = ['--import', './scripts/support/typescript.mjs', 'libs/queue/src/worker/worker-process.fixture.ts'];
    const child = spawn(process.execPath, [...script, redis.url.href, fixture.prefix], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await fixture.queue.enqueue(job);
      const [started] = (await once(createInterface(child.stdout), 'line', {
        signal: AbortSignal.timeout(patient(20_000)),
      })) as [string];
      expect(started).toBe(job.id);
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
    const killedAt = performance.now();
    const again = gate<number>();
    await fixture.work((_job, { attempt }) => {
      again.open(attempt);
      return Promise.resolve();
    });
    expect(await again.passed).toBe(1);
    expect(performance.now() - killedAt).toBeLessThan(patient(20_000));
  });
});
