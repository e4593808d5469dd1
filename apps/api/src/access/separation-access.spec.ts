import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SeparationStore } from '@app/separation-store';
import type { StoredRequest, StoredState } from '@app/separations';
import { FolderObjectStore } from '@app/storage';
import { gate, QueueFixture } from '../../../../test/support/separations/queue-fixture.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { Documents, someRequest } from '../../../../test/support/separations/stored-separations.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { LastTold } from './last-told.js';
import { SeparationAccess } from './separation-access.js';

/** A folder that counts how often a separation is read, and that can be away. */
class CountedStore extends FolderObjectStore {
  reads = 0;
  isAway = false;
  /** opens after a read that it holds back */
  slowly: Promise<void> | undefined;

  override async getText(key: string): Promise<string | undefined> {
    if (this.isAway) throw new Error('the store is away');
    const [text, held] = [await super.getText(key), this.slowly];
    if (key.endsWith('request.json')) this.reads += 1;
    if (held !== undefined) await held;
    return text;
  }
}

describe(SeparationAccess.name, () => {
  let redis: RedisServer;
  let queue: QueueFixture;
  let folder: string;
  let objects: CountedStore;
  let documents: Documents;
  let request: StoredRequest;
  let sut: SeparationAccess;

  beforeAll(async () => {
    redis = await RedisServer.start();
    queue = new QueueFixture(redis.url);
    folder = await mkdtemp(join(tmpdir(), 'separations-'));
  });
  afterAll(async () => {
    await queue.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    objects = new CountedStore(folder);
    documents = new Documents(objects);
    request = someRequest({ owner: 'ann' });
    await documents.putRequest(request);
    sut = server();
  });

  function server({ connections } = queue): SeparationAccess {
    const store = new SeparationStore(objects, connections, { callTimeoutMs: 10_000, lockWaitMs: 10_000 });
    return new SeparationAccess(store, new LastTold(connections));
  }

  it('shows a separation to its owner only', async () => {
    expect((await sut.load(request.id, 'ann')).request.id).toBe(request.id);
    for (const owner of ['bob', null]) await expect(sut.load(request.id, owner)).rejects.toThrow('no such separation');
    await expect(sut.load('not an id', null)).rejects.toThrow('no such separation');
    await expect(sut.loadFresh('not an id', null)).rejects.toThrow('no such separation');
  });

  it('reads the store once for many who ask at the same time', async () => {
    await Promise.all(Array.from({ length: 5 }, () => sut.load(request.id, 'ann')));
    expect(objects.reads).toBe(1);
  });

  it('shares reads while Redis is frozen, but none that began before a caller came', async () => {
    redis.pause();
    const lastTold = new LastTold(queue.connections);
    await waitUntil('Redis to be frozen', async () => (await lastTold.of(request.id)) === undefined);
    const held = gate();
    objects.slowly = held.passed;
    const first = sut.load(request.id, 'ann');
    await waitUntil('the read', () => objects.reads === 1);
    objects.slowly = undefined;
    const outcome: StoredState = { state: 'cancelled', at: new Date().toISOString() };
    await documents.putRequest({ ...request, outcome });
    const later = Array.from({ length: 5 }, () => sut.load(request.id, 'ann'));
    // a read of each other separation goes on meanwhile
    await expect(sut.load(someRequest().id, 'ann')).rejects.toThrow('no such separation');
    held.open();
    redis.resume();
    expect((await first).request.outcome.state).toBe('accepted');
    for (const one of await Promise.all(later)) expect(one.request.outcome).toEqual(outcome);
    expect(objects.reads).toBe(3);
  });

  it('reads the store once in each of two servers that tell the same', async () => {
    const servers = [sut, server(queue.other())];
    for (let call = 0; call < 6; call++) await servers[call % 2]?.load(request.id, 'ann');
    expect(objects.reads).toBe(2);
  });

  it('reads it again if another server has told something newer since the read began', async () => {
    const other = server(queue.other());
    const held = gate();
    objects.slowly = held.passed;
    const reading = sut.load(request.id, 'ann');
    await waitUntil('the read', () => objects.reads === 1);
    objects.slowly = undefined;
    const at = new Date().toISOString();
    await documents.putRequest({ ...request, outcome: { state: 'cancelled', at } });
    expect((await other.load(request.id, 'ann')).request.outcome.state).toBe('cancelled');
    held.open();
    expect((await reading).request.outcome.state).toBe('cancelled');
    expect((await sut.load(request.id, 'ann')).request.outcome.state).toBe('cancelled');
  });

  it('forgets in all servers what one has removed, and leaves no note of what is not there', async () => {
    const other = server(queue.other());
    await Promise.all([sut.load(request.id, 'ann'), other.load(request.id, 'ann')]);
    await documents.removeRequest(request.id);
    await sut.changed(request.id);
    for (const one of [other, sut]) await expect(one.load(request.id, 'ann')).rejects.toThrow('no such separation');
    expect(await queue.connections.call((client) => client.keys(queue.connections.keys.told(request.id)))).toEqual([]);
  });

  it('reads it again for those who are about to change it', async () => {
    await sut.load(request.id, 'ann');
    await documents.removeRequest(request.id);
    await expect(sut.loadFresh(request.id, 'ann')).rejects.toThrow('no such separation');
    // what was read last is what the next caller sees
    await expect(sut.load(request.id, 'ann')).rejects.toThrow('no such separation');
  });

  it('does not remember that the store was away', async () => {
    objects.isAway = true;
    await expect(sut.load(request.id, 'ann')).rejects.toThrow();
    objects.isAway = false;
    expect((await sut.load(request.id, 'ann')).request.owner).toBe('ann');
  });

  it('finds at once what another server has accepted, though it was not there a moment ago', async () => {
    const next = someRequest({ owner: 'ann' });
    await expect(sut.load(next.id, 'ann')).rejects.toThrow('no such separation');
    await documents.putRequest(next);
    expect((await sut.load(next.id, 'ann')).request).toEqual(next);
  });

  it.each<StoredState>([
    { state: 'cancelled', at: new Date().toISOString() },
    { state: 'failed', at: new Date().toISOString(), failure: { code: 'internal', message: '' } },
  ])('sees at once that another server has accepted a song again that was $state', async (outcome) => {
    await documents.putRequest({ ...request, outcome });
    expect((await sut.load(request.id, 'ann')).request.outcome).toEqual(outcome);
    await documents.putRequest(request);
    expect((await sut.load(request.id, 'ann')).request.outcome).toEqual({ state: 'accepted' });
  });
});
