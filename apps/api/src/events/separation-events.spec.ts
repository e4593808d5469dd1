import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Separation, SeparationId } from '@app/separations';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { StandInWorker } from '../../../../test/support/separations/stand-in-worker.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { SeparationEventsService } from './separation-events.service.js';

/** Collects the events of a stream until the server ends it. */
class EventReader {
  readonly states: Separation[] = [];
  readonly ended: Promise<void>;
  private readonly gone = new AbortController();

  constructor(answer: Promise<Response>) {
    this.ended = this.read(answer);
  }

  static open(api: InProcessApi, id: string, headers: Record<string, string> = {}): EventReader {
    const gone = new AbortController();
    const reader = new EventReader(
      fetch(`http://127.0.0.1:${api.port}/v1/separations/${id}/events`, { headers, signal: gone.signal }),
    );
    reader.gone.signal.addEventListener('abort', () => {
      gone.abort();
    });
    return reader;
  }

  leave(): void {
    this.gone.abort();
  }

  get last(): Separation | undefined {
    return this.states.at(-1);
  }

  private async read(answer: Promise<Response>): Promise<void> {
    let rest = '';
    const body = (await answer).body?.pipeThrough(new TextDecoderStream()) ?? [];
    for await (const text of body) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^event: state\nid: \w+\ndata: (.*)$/.exec(block)?.[1];
        if (data !== undefined) this.states.push(JSON.parse(data) as Separation);
      }
    }
  }
}

describe(SeparationEventsService.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let sut: SeparationEventsService;
  let frequency = 200;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url);
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
    const reader = EventReader.open(api, id, { 'last-event-id': 'whatever\u00ff' });
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

  it('sends the last state of an ended separation, and 204 to a browser that has seen it', async () => {
    const id = await submit();
    await api.client.cancel(id);
    const reader = EventReader.open(api, id);
    await reader.ended;
    expect(reader.states.map(({ status }) => status)).toEqual(['cancelled']);
    const again = await api.client.fetch(`/v1/separations/${id}/events`, { headers: { 'last-event-id': 'cancelled' } });
    expect(again.status).toBe(204);
  });

  it('releases everything when the client goes', async () => {
    const id = await submit();
    const readers = Array.from({ length: 3 }, () => EventReader.open(api, id));
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
    const readers = Array.from({ length: 50 }, () => EventReader.open(api, id));
    await waitUntil('fifty streams', () => sut.open === 50);
    const answer = await api.client.json(`/v1/separations/${id}/events`);
    expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_streams', limit: 50 } });
    await api.client.cancel(id);
    await Promise.all(readers.map(({ ended }) => ended));
    expect(new Set(readers.map(({ last }) => last?.status))).toEqual(new Set(['cancelled']));
  });

  it('outlives an outage of Redis', async () => {
    const id = await submit();
    const reader = EventReader.open(api, id);
    await waitUntil('the first state', () => reader.last?.status === 'queued');
    await redis.kill();
    await redis.start();
    await waitUntil('the cancel', async () => (await api.client.cancel(id)).status === 202);
    await reader.ended;
    expect(reader.last?.status).toBe('cancelled');
  });
});
