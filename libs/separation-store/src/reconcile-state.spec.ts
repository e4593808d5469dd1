import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { someId } from '../../../test/support/separations/stored-separations.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { ReconcileState } from './reconcile-state.js';
import { SeparationIndex } from './separation-index.js';

const MINUTE_MS = 60_000;

let redis: Awaited<ReturnType<typeof someRedis>>;
let fixture: QueueFixture;

beforeAll(async () => {
  redis = await someRedis();
});
afterAll(() => redis.close());
beforeEach(() => {
  fixture = new QueueFixture(redis.url);
});
afterEach(() => fixture.close());

describe(ReconcileState.name, () => {
  let sut: ReconcileState;
  let index: SeparationIndex;

  beforeEach(() => {
    sut = new ReconcileState(fixture.connections);
    index = new SeparationIndex(fixture.connections);
  });

  /** minutes until its strays are due to be removed; undefined if they never are */
  const minutesToSweep = async (id: string): Promise<number | undefined> => {
    const { unswept } = fixture.connections.keys;
    const due = await fixture.connections.call((client) => client.zscore(unswept, id));
    return due === null ? undefined : Math.round((Number(due) - Date.now()) / MINUTE_MS);
  };

  it('tells what is not listed and what has not ended', async () => {
    const [listed, ended, both, none] = [someId(), someId(), someId(), someId()];
    for (const id of [listed, both]) await index.add(null, id, new Date().toISOString());
    for (const id of [ended, both]) await sut.markEnded(id, new Date());
    expect(await sut.unsettled([listed, ended, both, none])).toEqual({
      unlisted: new Set([ended, none]),
      open: [listed, none],
    });
    expect(await sut.unsettled([])).toEqual({ unlisted: new Set(), open: [] });
  });

  it('forgets an ending when the song is accepted again', async () => {
    const id = someId();
    await sut.markEnded(id, new Date());
    await sut.markOpen(id);
    expect((await sut.unsettled([id])).open).toEqual([id]);
    expect(await minutesToSweep(id)).toBeUndefined();
  });

  it('lists the earliest endings first, up to a date and a number', async () => {
    const [first, second, third] = [someId(), someId(), someId()];
    await sut.markEnded(third, new Date(3000));
    await sut.markEnded(first, new Date(1000));
    await sut.markEnded(second, new Date(2000));
    expect(await sut.endedBefore(new Date(2500), 10)).toEqual([first, second]);
    expect(await sut.endedBefore(new Date(3000), 10)).toEqual([first, second, third]);
    expect(await sut.endedBefore(new Date(9000), 1)).toEqual([first]);
  });

  it('sweeps an hour after the end, then once a day, and never what was removed', async () => {
    const { unswept } = fixture.connections.keys;
    const [id, other, removed] = [someId(), someId(), someId()];
    await sut.markEnded(id, new Date());
    expect(await minutesToSweep(id)).toBe(65);
    expect(await sut.dueForSweep(10)).toEqual([]);
    await fixture.connections.call((client) => client.zadd(unswept, 1, id, 2, other));
    // told of the same ending again
    await sut.markEnded(id, new Date());
    expect(await sut.dueForSweep(10)).toEqual([id, other]);
    expect(await sut.dueForSweep(1)).toEqual([id]);
    for (const one of [id, removed]) await sut.markSwept(one);
    expect(await minutesToSweep(id)).toBe(24 * 60);
    expect(await minutesToSweep(removed)).toBeUndefined();
  });

  it('trusts endings of this run of Redis only', async () => {
    const id = someId();
    expect(await sut.isTrusted()).toBe(false);
    await sut.distrustAfterRestart();
    expect(await sut.isTrusted()).toBe(true);
    await sut.markEnded(id, new Date());
    await sut.distrustAfterRestart();
    expect((await sut.unsettled([id])).open).toEqual([]);
    await fixture.connections.call((client) => client.set(fixture.connections.keys.reconciled, 'an earlier run'));
    await sut.distrustAfterRestart();
    expect((await sut.unsettled([id])).open).toEqual([id]);
  });

  it('names what is listed and was not found in a scan, and skips what is no entry', async () => {
    const [found, missing] = [someId(), someId()];
    const createdAt = new Date().toISOString();
    await index.add('ann', found, createdAt);
    await index.add('ann', missing, createdAt);
    const { listed } = fixture.connections.keys;
    await fixture.connections.call((client) => client.hset(listed, 'not-an-id', '"ann"', someId(), '7'));
    const scan = sut.beginScan();
    await scan.found([]);
    await scan.found([found]);
    const named = [];
    for await (const entry of scan.missing()) named.push(entry);
    expect(named).toEqual([{ id: missing, owner: 'ann' }]);
  });

  it('leaves nothing of a scan, also of one that dies', async () => {
    const scan = sut.beginScan();
    await scan.found([someId()]);
    const pattern = fixture.connections.keys.present('*');
    const keys = (): Promise<string[]> => fixture.connections.call((client) => client.keys(pattern));
    const [key = ''] = await keys();
    const ttl = await fixture.connections.call((client) => client.pttl(key));
    expect(Math.round(ttl / MINUTE_MS)).toBe(15);
    await scan.end();
    expect(await keys()).toEqual([]);
  });
});
