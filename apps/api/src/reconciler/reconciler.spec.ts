import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { mkdtemp, rename, rm, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { loadApiConfig } from '@app/config';
import { AddressRanges, OutboundClient } from '@app/outbound';
import { objectKeys, type Priority, type SeparationId, type StoredRequest, type StoredState } from '@app/separations';
import { FolderObjectStore, StorageUnavailableError } from '@app/storage';
import { ReconcileState, SeparationIndex, SeparationStore } from '@app/separation-store';
import { QueueFixture, gate } from '../../../../test/support/separations/queue-fixture.js';
import {
  Documents,
  someId,
  someManifest,
  someRequest,
} from '../../../../test/support/separations/stored-separations.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { ModelRoutes, QueueShares } from '@app/queue';
import { KeyRing } from '../access/key-ring.js';
import { webhookParts } from '../webhooks/webhooks.fixture.js';
import { ReconcilerService } from './reconciler.service.js';

const HOUR_MS = 3600 * 1000;

/** A folder that counts how often an object of it is asked for, and that cannot read all of them. */
class CountingStore extends FolderObjectStore {
  reads = 0;
  unreadable: readonly SeparationId[] = [];

  override getText(...call: Parameters<FolderObjectStore['getText']>): Promise<string | undefined> {
    this.reads += 1;
    if (this.unreadable.some((id) => call[0].includes(id))) throw new StorageUnavailableError('an input/output error');
    return super.getText(...call);
  }

  override head(...call: Parameters<FolderObjectStore['head']>): ReturnType<FolderObjectStore['head']> {
    this.reads += 1;
    return super.head(...call);
  }
}

describe(ReconcilerService.name, () => {
  let server: RedisServer;
  let fixture: QueueFixture;
  let folder: string;
  let store: CountingStore;
  let documents: Documents;
  let index: SeparationIndex;
  let sut: ReconcilerService;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await RedisServer.start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    fixture = new QueueFixture(server.url);
    folder = await mkdtemp(join(tmpdir(), 'reconciler-'));
    store = new CountingStore(folder);
    documents = new Documents(store);
    index = new SeparationIndex(fixture.connections);
    sut = service(0);
  });
  afterEach(async () => {
    await sut.onModuleDestroy();
    await fixture.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  function service(retentionHours: number, of = fixture): ReconcilerService {
    const { limits } = loadApiConfig({ RETENTION_HOURS: String(retentionHours) });
    const { connections, queue } = of;
    const separations = separationStore(connections);
    const parts = [new SeparationIndex(connections), new ReconcileState(connections), new KeyRing(undefined)] as const;
    const shares = new QueueShares(connections, queue);
    const client = new OutboundClient({ allowed: AddressRanges.none, timeoutMs: 1000 });
    const { announcer, deliverer } = webhookParts(store, separations, connections, client);
    const webhooks = [announcer, deliverer] as const;
    return new ReconcilerService(connections, separations, store, queue, shares, ...parts, ...webhooks, { limits });
  }

  function separationStore(connections = fixture.connections): SeparationStore {
    return new SeparationStore(store, connections, { callTimeoutMs: 5000, lockWaitMs: 5000 });
  }

  async function accept(
    change: { outcome?: StoredState; completedAt?: Date; client?: string; priority?: Priority } = {},
  ): Promise<SeparationId> {
    const { client = 'address:0a1b', priority = 'normal' } = change;
    const request = someRequest({ outcome: change.outcome ?? { state: 'accepted' }, client, priority });
    await documents.putRequest(request);
    const { completedAt } = change;
    if (completedAt !== undefined) {
      await documents.putManifest(someManifest(request, { finishedAt: completedAt.toISOString() }));
    }
    return request.id;
  }

  async function requestOf(id: SeparationId): Promise<StoredRequest> {
    const request = await documents.request(id);
    if (request === undefined) throw new Error(`${id} has no request`);
    return request;
  }

  it('queues exactly the open separations without a job', async () => {
    const at = new Date().toISOString();
    const lost = await accept();
    const completed = await accept({ completedAt: new Date() });
    const cancelled = await accept({ outcome: { state: 'cancelled', at } });
    const failed = await accept({ outcome: { state: 'failed', at, failure: { code: 'internal', message: '' } } });
    expect(await sut.run()).toEqual([lost]);
    const states = await fixture.queue.states([lost, completed, cancelled, failed]);
    expect([...states.keys()]).toEqual([lost]);
    expect(await sut.run()).toEqual([]);
  });

  it('fails an open separation whose model no pool has, and moves a waiting one to its pool', async () => {
    const [unserved, moved] = [await accept(), await accept()];
    expect(await sut.run()).toHaveLength(2);
    await fixture.queue.remove(unserved);
    await documents.putRequest({ ...(await requestOf(unserved)), model: 'gone' });
    const pools = fixture.other(new ModelRoutes([{ name: 'toWorkers-demo', models: ['demo'] }]));
    const after = service(0, pools);
    await after.run();
    expect((await requestOf(unserved)).outcome).toMatchObject({
      state: 'failed',
      failure: { code: 'model_not_installed', message: 'no pool of workers has the model gone' },
    });
    expect((await pools.queue.depths()).get('toWorkers-demo')?.waiting).toBe(1);
    expect(await pools.queue.state(moved)).toMatchObject({ status: 'queued', position: 1 });
    await after.onModuleDestroy();
  });

  it('lets clients take turns again after a wipe, whatever it found first', async () => {
    const flood = await Promise.all(Array.from({ length: 20 }, () => accept({ client: 'address:f100' })));
    const low = await accept({ client: 'key:eve', priority: 'low' });
    const singles = await Promise.all(['key:ann', 'key:bob', 'key:cem'].map((client) => accept({ client })));
    expect(await sut.run()).toHaveLength(24);
    const states = await fixture.queue.states([...flood, low, ...singles]);
    const place = (id: SeparationId): number => {
      const state = states.get(id);
      return state?.status === 'queued' ? state.position : Number.NaN;
    };
    // among them is the first one of the flood
    expect(Math.max(...singles.map(place))).toBeLessThanOrEqual(4);
    // after half of the eight songs that a client gets for one with low priority
    expect(place(low)).toBeLessThanOrEqual(9);
    expect(place(low)).toBeGreaterThan(6);
  });

  it('goes on after a separation that the store cannot read, but not if it can read none', async () => {
    const ids = await Promise.all([accept(), accept(), accept()]);
    store.unreadable = ids.slice(0, 2);
    expect(await sut.run()).toEqual(ids.slice(2));
    store.unreadable = [];
    expect(new Set(await sut.run())).toEqual(new Set(ids.slice(0, 2)));
    store.unreadable = await Promise.all([accept(), accept()]);
    await expect(sut.run()).rejects.toThrow(StorageUnavailableError);
  });

  it('queues a separation whose disk could not read it, once it can', async () => {
    const id = await accept();
    const path = join(folder, `${objectKeys.separation(id)}request.json`);
    await rename(path, `${path}-away`);
    // Linux answers EIO to whoever reads it
    await symlink('/proc/self/mem', path);
    const other = await accept();
    expect(await sut.run()).toEqual([other]);
    await rename(`${path}-away`, path);
    expect(await sut.run()).toEqual([id]);
  });

  it('does not read a separation again that has ended or has a job', async () => {
    const at = new Date().toISOString();
    await Promise.all([accept(), accept({ completedAt: new Date() }), accept({ outcome: { state: 'cancelled', at } })]);
    await sut.run();
    expect(store.reads).toBeGreaterThan(0);
    store.reads = 0;
    await sut.run();
    expect(store.reads).toBe(0);
    expect((await index.page(null, null, 10)).ids).toHaveLength(3);
  });

  it('trusts an ending in Redis only until Redis restarts', async () => {
    const lost = await accept();
    const upkeep = new ReconcileState(fixture.connections);
    await sut.run();
    await fixture.queue.remove(lost);
    await upkeep.markEnded(lost, new Date());
    expect(await sut.run()).toEqual([]);
    await server.stop();
    await server.start();
    expect(await waitUntil('Redis is back', () => sut.run())).toEqual([lost]);
  });

  it('unlists separations that are gone from the store', async () => {
    const [kept, gone] = [await accept(), await accept({ completedAt: new Date() })];
    await sut.run();
    await store.removeAll(objectKeys.separation(gone));
    await sut.run();
    expect((await index.page(null, null, 10)).ids).toEqual([kept]);
    expect(await fixture.connections.call((redis) => redis.keys(`${fixture.prefix}:separations:present:*`))).toEqual(
      [],
    );
  });

  it('notices a wiped Redis by itself, and queues each accepted separation once', async () => {
    const waiting = await Promise.all([accept(), accept(), accept()]);
    sut.onApplicationBootstrap();
    await waitUntil('the jobs', async () => (await fixture.queue.unfinishedCount()) === 3);
    await server.wipe();
    await waitUntil('the jobs after the wipe', async () => (await fixture.queue.unfinishedCount()) === 3);
    expect([...(await fixture.queue.states(waiting)).keys()]).toHaveLength(3);
    expect((await index.page(null, null, 10)).ids).toHaveLength(3);
  });

  it('lets one process work at a time', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => accept()));
    const other = service(0, fixture.other());
    const queued = (await Promise.all([sut.run(), other.run()])).flat();
    await other.onModuleDestroy();
    expect(new Set(queued).size).toBe(queued.length);
    expect(queued).toHaveLength(ids.length);
  });

  it('records a failure that no worker could record', async () => {
    const id = await accept();
    await sut.run();
    const started = gate();
    await fixture.work(() => {
      started.open();
      return Promise.reject(new Error('dies'));
    });
    await started.passed;
    await waitUntil('the last attempt', async () => (await fixture.queue.failure(id)) !== undefined, {
      deadlineMs: 15_000,
    });
    await sut.run();
    expect((await documents.request(id))?.outcome).toMatchObject({
      state: 'failed',
      failure: { code: 'internal', message: 'an internal error' },
    });
    expect(await fixture.queue.state(id)).toBeUndefined();
  });

  it('sweeps old uploads and folders without a request, and keeps new ones', async () => {
    const [old, young] = [objectKeys.staging('old'), objectKeys.staging('young')];
    const [dead, arriving] = [someId(), someId()];
    const aged = [old, objectKeys.input(dead, 'mp3')];
    const all = [...aged, young, objectKeys.input(arriving, 'mp3')];
    for (const key of all) await store.put(key, Readable.from(['song']));
    const before = new Date(Date.now() - 2 * HOUR_MS);
    for (const key of aged) await utimes(join(folder, key), before, before);
    await sut.run();
    const left = await Promise.all(all.map(async (key) => (await store.head(key)) !== undefined));
    expect(left).toEqual([false, false, true, true]);
  });

  it('leaves nothing of what was written into a removed separation', async () => {
    const id = await accept();
    await sut.run();
    await fixture.queue.remove(id);
    const { createdAt = '' } = (await documents.request(id)) ?? {};
    await separationStore().remove({ id, owner: null, createdAt });
    // a format made on demand, and the result of a worker that had lost Redis
    const late = [objectKeys.stem(id, 'vocals', 'mp3', 'b'.repeat(64)), `${objectKeys.separation(id)}manifest.json`];
    for (const key of late) await store.put(key, Readable.from(['late']));
    await sut.run();
    for (const key of late) expect(await store.head(key)).toBeUndefined();
  });

  it('finishes the removal of an ended separation that was interrupted', async () => {
    const id = await accept({ completedAt: new Date() });
    const stem = objectKeys.stem(id, 'vocals', 'flac', 'b'.repeat(64));
    await store.put(stem, Readable.from(['stem']));
    await sut.run();
    const removeAll = store.removeAll.bind(store);
    store.removeAll = () => Promise.reject(new StorageUnavailableError('the process dies here'));
    const { createdAt = '' } = (await documents.request(id)) ?? {};
    const interrupted = separationStore().remove({ id, owner: null, createdAt });
    await expect(interrupted).rejects.toThrow(StorageUnavailableError);
    store.removeAll = removeAll;
    expect(await store.head(stem)).toBeDefined();
    await sut.run();
    expect(await store.head(stem)).toBeUndefined();
    expect(await documents.manifest(id)).toBeUndefined();
    // the list follows in the next pass
    await sut.run();
    expect((await index.page(null, null, 10)).ids).toEqual([]);
  });

  it('sweeps the strays of an ended separation when they are due', async () => {
    const id = await accept({ completedAt: new Date() });
    const [old, young] = ['b', 'c'].map((digit) => objectKeys.stem(id, 'vocals', 'flac', digit.repeat(64)));
    for (const key of [old, young]) await store.put(key ?? '', Readable.from(['stray']));
    const before = new Date(Date.now() - 2 * HOUR_MS);
    await utimes(join(folder, old ?? ''), before, before);
    const left = async (): Promise<boolean[]> =>
      Promise.all([old, young].map(async (key) => (await store.head(key ?? '')) !== undefined));
    await sut.run();
    expect(await left()).toEqual([true, true]);
    const { unswept } = fixture.connections.keys;
    await fixture.connections.call((redis) => redis.zadd(unswept, 0, id));
    await sut.run();
    expect(await left()).toEqual([false, true]);
    // and again a day later
    const due = Number(await fixture.connections.call((redis) => redis.zscore(unswept, id))) - Date.now();
    expect(due / HOUR_MS).toBeCloseTo(24, 1);
  });

  it('plans a sweep of separations that ended before an upgrade', async () => {
    const id = await accept({ completedAt: new Date() });
    await sut.run();
    const { reconciled, unswept } = fixture.connections.keys;
    // as an earlier version left it
    await fixture.connections.call(async (redis) => {
      const [run = ''] = (await redis.get(reconciled))?.split(' ') ?? [];
      await redis.set(reconciled, run);
      await redis.del(unswept);
    });
    await sut.run();
    expect(await fixture.connections.call((redis) => redis.zscore(unswept, id))).not.toBeNull();
  });

  it('removes what is past its retention, and nothing without a limit', async () => {
    const before = new Date(Date.now() - 3 * HOUR_MS);
    const [old, young] = [await accept({ completedAt: before }), await accept({ completedAt: new Date() })];
    await sut.run();
    expect((await index.page(null, null, 10)).ids).toHaveLength(2);
    await service(2).run();
    expect((await index.page(null, null, 10)).ids).toEqual([young]);
    expect(await documents.request(old)).toBeUndefined();
  });

  it('ends its pass when the store cannot read every other outdated separation', async () => {
    const past = { completedAt: new Date(Date.now() - 3 * HOUR_MS) };
    const ids = await Promise.all(Array.from({ length: 400 }, () => accept(past)));
    await sut.run();
    const listed = await new ReconcileState(fixture.connections).endedBefore(new Date(), ids.length);
    store.unreadable = listed.filter((_, at) => at % 2 === 0);
    await service(2).run();
    const left = (await index.page(null, null, ids.length)).ids;
    expect(new Set(left)).toEqual(new Set(store.unreadable));
  });
});
