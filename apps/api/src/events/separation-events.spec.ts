import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkerPresence } from '@app/fleet';
import { ListenSignals, PreviewBoard } from '@app/queue';
import { RedisConnections } from '@app/redis';
import type { SeparationId } from '@app/separations';
import { EventReader } from '../../../../test/support/service/event-reader.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { StandInWorker } from '../../../../test/support/separations/stand-in-worker.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { SeparationEventsService } from './separation-events.service.js';

describe(SeparationEventsService.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let sut: SeparationEventsService;
  let port: number;
  let frequency = 200;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url);
    ({ port } = api);
    sut = api.app.get(SeparationEventsService, { strict: false });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  async function submit(): Promise<SeparationId> {
    return (await api.client.upload(wav({ frequency: frequency++, seconds: 0.2 }), { model: 'demo' })).body.id;
  }

  it('sends the state at once and on each change, and ends after the last', async () => {
    const id = await submit();
    const reader = EventReader.open(port, id, { headers: { 'last-event-id': 'whatever\u00ff' } });
    await waitUntil('the first state', () => reader.last?.status === 'queued');
    const worker = await StandInWorker.start(redis.url, api.store);
    try {
      await waitUntil('the job to be taken', () => reader.last?.status === 'processing');
      await worker.report(id, 37.5);
      await waitUntil('its progress', () => reader.last?.progress.percent === 37.5);
      await worker.complete(id);
      await reader.ended;
    } finally {
      await worker.close();
    }
    expect(reader.last).toMatchObject({ id, status: 'completed', progress: { percent: 100 } });
    await waitUntil('the stream to be released', () => sut.open === 0);
  });

  it('tells that no worker runs, and when one has started', async () => {
    const connections = new RedisConnections({ url: redis.url });
    const id = await submit();
    const reader = EventReader.open(port, id);
    try {
      await waitUntil('a queue without workers', () => reader.last?.queue?.workers === 0);
      expect(reader.last).toMatchObject({ status: 'queued', queue: { etaSeconds: null } });
      const worker = {
        workerId: 'w1',
        queue: 'toWorkers',
        engines: 1,
        models: [],
        device: 'cpu',
        backend: 'torch',
        precision: 'fp32',
      };
      await new WorkerPresence(connections).announce({ ...worker, realTimeFactor: {} });
      await waitUntil('a worker', () => reader.last?.queue?.workers === 1);
      await new WorkerPresence(connections).retire('w1');
    } finally {
      reader.leave();
      await Promise.allSettled([reader.ended]);
      await api.client.cancel(id);
      await connections.close();
    }
  });

  it('sends the last state of an ended separation, and 204 to a browser that has seen it', async () => {
    const id = await submit();
    await api.client.cancel(id);
    const reader = EventReader.open(port, id);
    await reader.ended;
    expect(reader.states.map(({ status }) => status)).toEqual(['cancelled']);
    const again = await api.client.fetch(`/v1/separations/${id}/events`, { headers: { 'last-event-id': 'cancelled' } });
    expect(again.status).toBe(204);
  });

  it('releases everything when the client goes', async () => {
    const id = await submit();
    const readers = Array.from({ length: 3 }, () => EventReader.open(port, id));
    await waitUntil('three streams', () => sut.open === 3);
    for (const reader of readers) reader.leave();
    await waitUntil('their release', () => sut.open === 0);
    await Promise.allSettled(readers.map(({ ended }) => ended));
    await api.client.cancel(id);
  });

  it('answers HEAD without following', async () => {
    const id = await submit();
    const { status, headers } = await api.client.fetch(`/v1/separations/${id}/events`, { method: 'HEAD' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await waitUntil('the stream to be released', () => sut.open === 0);
    await api.client.cancel(id);
  });

  it('refuses the 51st stream of one client', async () => {
    const id = await submit();
    const readers = Array.from({ length: 50 }, () => EventReader.open(port, id));
    await waitUntil('fifty streams', () => sut.open === 50);
    const answer = await api.client.json(`/v1/separations/${id}/events`);
    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_streams', limit: 50 } });
    await api.client.cancel(id);
    await Promise.all(readers.map(({ ended }) => ended));
    expect(new Set(readers.map(({ last }) => last?.status))).toEqual(new Set(['cancelled']));
  });

  describe('with the preview', () => {
    let connections: RedisConnections;
    let board: PreviewBoard;
    const [first, second] = [
      { n: 0, from: 0, to: 200_000 },
      { n: 1, from: 200_000, to: 400_000 },
    ];
    const [attempt, next, samples] = ['a'.repeat(12), 'b'.repeat(12), 900_000];

    beforeAll(() => {
      connections = new RedisConnections({ url: redis.url });
      board = new PreviewBoard(connections);
    });

    afterAll(() => connections.close());

    it('sends all blocks at once, then new ones, and those of another attempt from its start', async () => {
      const id = await submit();
      await board.publish(id, { attempt, blocks: [first], samples });
      const listener = EventReader.open(port, id, { query: '?preview=true' });
      await waitUntil('the blocks', () => listener.previews.length === 1);
      await board.publish(id, { attempt, blocks: [first, second], samples });
      await waitUntil('the new block', () => listener.previews.length === 2, { deadlineMs: 2000 });
      const late = EventReader.open(port, id, { query: '?preview=true' });
      await board.publish(id, { attempt: next, blocks: [first], samples });
      await waitUntil('another attempt', () => listener.previews.length === 3 && late.previews.length >= 1);
      expect(listener.previews).toEqual([
        { attempt, blocks: [first], samples },
        { attempt, blocks: [second], samples },
        { attempt: next, blocks: [first], samples },
      ]);
      await api.client.cancel(id);
      await Promise.all([listener.ended, late.ended]);
      expect(listener.last?.status).toBe('cancelled');
    });

    it('tells workers of listeners only, and for 15 s', async () => {
      const id = await submit();
      await board.publish(id, { attempt, blocks: [first], samples });
      const watch = new ListenSignals(connections).watch(id);
      const isListened = async (): Promise<boolean> => {
        return watch.untilListened(AbortSignal.timeout(50)).then(
          () => true,
          () => false,
        );
      };
      const readers = ['', '?preview=false'].map((query) => EventReader.open(port, id, { query }));
      await waitUntil('the states', () => readers.every(({ last }) => last !== undefined));
      expect(await isListened()).toBe(false);
      const listener = EventReader.open(port, id, { query: '?preview=true' });
      await waitUntil('a listener', isListened);
      const left = await connections.call((client) => client.pttl(connections.keys.listening(id)));
      expect(left).toBeGreaterThan(10_000);
      expect(left).toBeLessThanOrEqual(15_000);
      watch.stop();
      expect(readers.flatMap(({ previews }) => previews)).toEqual([]);
      await api.client.cancel(id);
      await Promise.all([listener, ...readers].map(({ ended }) => ended));
      expect((await api.client.fetch(`/v1/separations/${id}/events?preview=maybe`)).status).toBe(400);
    });

    it('forgets the preview of a run before', async () => {
      const id = await submit();
      await board.publish(id, { attempt, blocks: [first], samples });
      await api.client.cancel(id);
      const again = await api.client.upload(wav({ frequency: frequency - 1, seconds: 0.2 }), { model: 'demo' });
      expect(again).toMatchObject({ status: 202, body: { id } });
      expect(await board.read(id)).toBeUndefined();
      await api.client.cancel(id);
    });
  });

  it('outlives an outage of Redis', async () => {
    const id = await submit();
    const reader = EventReader.open(port, id);
    await waitUntil('the first state', () => reader.last?.status === 'queued');
    await redis.kill();
    await redis.start();
    await waitUntil('the cancel', async () => (await api.client.cancel(id)).status === 202);
    await reader.ended;
    expect(reader.last?.status).toBe('cancelled');
  });
});
