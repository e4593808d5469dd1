import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { mapLimited } from '@app/concurrency';
import type { SeparationId, StoredWebhook } from '@app/separations';
import { FolderObjectStore, StorageUnavailableError } from '@app/storage';
import { someRequest } from '../../../../test/support/separations/stored-separations.js';
import { MAX_RECEIVERS } from './callback-receivers.js';
import { Callbacks } from './callbacks.js';
import { DeliveryBench, OWNER } from './delivery-bench.fixture.js';
import { ownerFolder } from './delivery-ref.js';

const HOUR = 3_600_000;
const signal = new AbortController().signal;
const callbackTo = (host: string): { url: string; body: string } => ({ url: `http://${host}.test/`, body: '{}' });

describe(Callbacks.name, () => {
  let bench: DeliveryBench;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    bench = await DeliveryBench.start();
  });

  afterAll(() => bench.close());
  beforeEach(() => bench.begin());
  afterEach(() => bench.finish());

  /** for a song that waits */
  async function add(host: string, owner = OWNER): Promise<void> {
    const request = someRequest({ owner });
    await bench.documents.putRequest(request);
    await bench.parts.callbacks.add(owner, request.id, callbackTo(host), 'again');
  }

  /** Makes receivers; the first has something that is due. */
  async function makeReceivers(count: number): Promise<void> {
    const start = bench.parts.clock.now();
    const ids = Array.from({ length: count }, (_, n) => `wh_${n.toString(16).padStart(32, '0')}`);
    await mapLimited(ids, 8, signal, (id) =>
      bench.parts.store.write({
        ...{ id, owner: OWNER, url: `http://${id}.test/`, events: ['separation.completed'], secret: 'whsec_AAAA' },
        ...{ createdAt: new Date(start + ids.indexOf(id)).toISOString(), isForCallbacks: true },
      }),
    );
    await bench.parts.store.markDue({ owner: ownerFolder(OWNER), webhookId: ids[0] ?? '', n: '1796000000000-0' });
  }

  async function receivers(): Promise<StoredWebhook[]> {
    return bench.parts.store.ofOwner(OWNER);
  }

  const waiting = (id: SeparationId): Promise<unknown[]> => bench.parts.store.callbacks(id);

  it('go to at most fifty hosts and ports of an owner, until one was idle for a day', async () => {
    await makeReceivers(MAX_RECEIVERS - 1);
    const hosts = ['a', 'b', 'c', 'd'];
    const together = await Promise.allSettled(hosts.map((host) => add(host)));
    const taken = hosts.filter((_, at) => together[at]?.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    expect(await receivers()).toHaveLength(MAX_RECEIVERS);
    await expect(add('e')).rejects.toMatchObject({ code: 'too_many_webhooks', extras: { limit: MAX_RECEIVERS } });
    await add(taken[0] ?? '');
    await add('e', 'bob');
    bench.parts.clock.move(25 * HOUR);
    const [busy, idle] = await receivers();
    await add('e');
    const left = (await receivers()).map(({ id }) => id);
    expect(left).toHaveLength(MAX_RECEIVERS);
    expect([left.includes(busy?.id ?? ''), left.includes(idle?.id ?? '')]).toEqual([true, false]);
  });

  it('are dropped if their receiver gave way to others while the song waited', async () => {
    await makeReceivers(MAX_RECEIVERS);
    const request = await bench.completed();
    await bench.parts.store.writeCallback(request.id, callbackTo('late'));
    await bench.announce(request);
    expect([await waiting(request.id), await receivers()]).toMatchObject([[], { length: MAX_RECEIVERS }]);
  });

  it('are delivered once if their server fails after it wrote them, for a song that was announced', async () => {
    await bench.register();
    const request = await bench.end();
    await bench.parts.separations.state.markEnded(request.id, new Date());
    const store = new KeepingStore(bench.folder);
    const { callbacks } = bench.server(undefined, store);
    const callback = { url: `http://hooks.test:${bench.receiver.port}/back`, body: '{}' };
    await expect(callbacks.add(OWNER, request.id, callback, 'again')).rejects.toThrow(StorageUnavailableError);
    // so the reconciler looks at it again
    expect((await bench.parts.separations.state.unsettled([request.id])).open).toEqual([request.id]);
    for (let pass = 0; pass < 2; pass += 1) {
      await bench.announce(request);
      await bench.deliver();
    }
    expect(bench.receiver.received.map(({ path }) => path).sort()).toEqual(['/', '/back']);
    expect(await waiting(request.id)).toEqual([]);
    await store.close();
  });
});

/** A store that removes no callbacks. */
class KeepingStore extends FolderObjectStore {
  override remove(...call: Parameters<FolderObjectStore['remove']>): Promise<void> {
    if (call[0].includes('/callbacks/')) throw new StorageUnavailableError('a part of it is gone');
    return super.remove(...call);
  }
}
