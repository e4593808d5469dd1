import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger, type Logger } from '@app/logging';
import { ModelRoutes } from '@app/queue';
import { QueueFixture, someJob } from '../../../test/support/separations/queue-fixture.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { Forwarding } from './forwarding.js';

const BIG = 'toWorkers-big';
const routes = (models: readonly string[]): ModelRoutes =>
  new ModelRoutes([
    { name: 'toWorkers', models: '*' },
    { name: BIG, models },
  ]);

describe(Forwarding.name, () => {
  let redis: Awaited<ReturnType<typeof someRedis>>;

  beforeAll(async () => {
    redis = await someRedis();
  });
  afterAll(() => redis.close());

  /** what it logs */
  function listen(): { readonly logger: Logger; readonly lines: string[] } {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'text' }, 'worker-server');
    for (const transport of logger.transports) transport.silent = true;
    logger.on('data', ({ level, message }: { level: string; message: string }) => lines.push(`${level}: ${message}`));
    return { logger, lines };
  }

  it('tells once a minute that servers differ in the queue of a model', async () => {
    const fixture = new QueueFixture(redis.url, undefined, routes(['best']));
    const { logger, lines } = listen();
    let passes = 0;
    const pass = (sut: Forwarding) => async (job: Parameters<Forwarding['passOn']>[0]) => {
      if (await sut.passOn(job)) passes += 1;
    };
    try {
      // its worker of the second queue thinks that the song belongs into the first
      const other = fixture.other(routes(['htdemucs_ft']));
      await fixture.work(pass(new Forwarding(fixture.queue, 'toWorkers', logger)));
      await other.work(pass(new Forwarding(other.queue, BIG, logger)), { queue: BIG });
      await other.queue.enqueue(someJob({ model: 'best' }));
      await waitUntil('it to go around', () => passes > 8);
    } finally {
      await fixture.close();
    }
    const differ = 'MODEL_QUEUES differs between servers, set it to the same value everywhere';
    expect(lines).toEqual([
      'info: other workers have the model best now',
      `warn: songs of the model best come back to the queue ${BIG}: ${differ}`,
      `warn: songs of the model best come back to the queue toWorkers: ${differ}`,
    ]);
  });

  it('warns of no song that it passes on once', async () => {
    const fixture = new QueueFixture(redis.url, undefined, routes(['best']));
    const { logger, lines } = listen();
    try {
      const sut = new Forwarding(fixture.queue, 'toWorkers', logger);
      expect(await sut.passOn(someJob({ model: 'best' }))).toBe(true);
      expect(await sut.passOn(someJob({ model: 'demo' }))).toBe(false);
      expect(lines).toEqual(['info: other workers have the model best now']);
    } finally {
      await fixture.close();
    }
  });
});
