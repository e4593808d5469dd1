import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SeparationId } from '@app/separations';
import { RedisServer } from '../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { JobEvents } from './job-events.js';
import { QueueFixture, gate, someJob } from '../../../test/support/separations/queue-fixture.js';
import type { JobChange } from './change-signal.js';

describe(JobEvents.name, () => {
  let server: RedisServer;
  let fixture: QueueFixture;
  let sut: JobEvents;
  let ending: AbortController;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    fixture = new QueueFixture(server.url);
    sut = new JobEvents(fixture.connections);
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await sut.close();
    await fixture.close();
  });

  /** counts the changes of a job; `ended` resolves with their series */
  function follow(id: SeparationId): { count: number; ended: Promise<void> } {
    const changes = sut.changes(id, ending.signal)[Symbol.asyncIterator]();
    const following = { count: 0, ended: Promise.resolve() };
    following.ended = (async (): Promise<void> => {
      while ((await changes.next()).done !== true) following.count += 1;
    })();
    return following;
  }

  it('reports every state from the first moment until a terminal one', async () => {
    const job = someJob();
    const states: string[] = [];
    const changes = sut.changes(job.id, ending.signal)[Symbol.asyncIterator]();
    await fixture.queue.enqueue(job);
    const finish = gate();
    const running = gate();
    const following = (async (): Promise<void> => {
      while ((await changes.next()).done !== true) {
        const state = await fixture.queue.state(job.id);
        if (state === undefined && states.length > 0) return;
        if (state !== undefined && states.at(-1) !== state.status) states.push(state.status);
        if (state?.status === 'processing') running.open();
      }
    })();
    await waitUntil('the first state', () => states.length === 1);
    await fixture.work(() => finish.passed);
    await running.passed;
    finish.open();
    await following;
    expect(states).toEqual(['queued', 'processing']);
  });

  it('reports an edit to every process that follows, and to nobody else', async () => {
    const [job, other] = [someJob(), someJob()];
    const there = new JobEvents(fixture.connections);
    const [seen, unseen] = [follow(job.id), follow(other.id)];
    await waitUntil('the start', () => seen.count === 1 && unseen.count === 1);
    await there.tellEdited(job.id);
    await waitUntil('the edit', () => seen.count === 2);
    expect(unseen.count).toBe(1);
    await there.close();
  });

  it('reports the end as an end', async () => {
    const job = someJob();
    const told: JobChange[] = [];
    const following = (async (): Promise<void> => {
      for await (const change of sut.changes(job.id, ending.signal)) {
        told.push(change);
        if (change === 'end') return;
      }
    })();
    await waitUntil('the first look', () => told.length > 0);
    await fixture.queue.enqueue(job);
    const [running, finish] = [gate(), gate()];
    await fixture.work(() => {
      running.open();
      return finish.passed;
    });
    await running.passed;
    // the events are told in their order: once this one is, so is the start
    const next = someJob();
    const bystander = follow(next.id);
    await fixture.queue.enqueue(next);
    await waitUntil('a later event', () => bystander.count > 0);
    expect(told).not.toContain('end');
    finish.open();
    await following;
  });

  it('reports only to followers of that job', async () => {
    const [mine, other] = [someJob(), someJob()];
    const [followed, bystander] = [follow(mine.id), follow(other.id)];
    await waitUntil('the first look', () => followed.count > 0 && bystander.count > 0);
    const before = bystander.count;
    await fixture.queue.enqueue(mine);
    await waitUntil('the change', () => followed.count > 1);
    expect(bystander.count).toBe(before);
  });

  it('ends when its signal aborts', async () => {
    const following = follow(someJob().id);
    ending.abort();
    await following.ended;
  });

  it('tells everyone to look again when Redis comes back', async () => {
    const following = follow(someJob().id);
    await waitUntil('the first look', () => following.count > 0);
    const before = following.count;
    await server.kill();
    await server.start();
    await waitUntil('another look', () => following.count > before, { deadlineMs: 3000 });
  });

  it('closes while Redis is down', async () => {
    const following = follow(someJob().id);
    await waitUntil('the first look', () => following.count > 0);
    await server.kill();
    await sut.close();
    await following.ended;
    await server.start();
  });

  it('closes if Redis never answered', async () => {
    await server.kill();
    const following = follow(someJob().id);
    await sut.close();
    await following.ended;
    await server.start();
  });
});
