import type { Agent } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MinioService } from 'nestjs-minio-client';
import { startS3Server, type S3Server } from '../../../../test/support/servers/s3-server.js';
import { createObjectStore, createS3ObjectStore } from '../create-object-store.js';
import { StorageUnavailableError } from '../storage.errors.js';
import { collect, write } from '../contract/bytes.js';
import { describeObjectStore } from '../contract/object-store.contract.js';
import { s3Connection } from './s3-connection.js';
import { S3ObjectStore } from './s3-object-store.js';
import { patient } from '../../../../test/support/patience.js';

const MIB = 1024 * 1024;
const KNOWS_WITHIN_MS = 2000;

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

describeObjectStore('an S3 server', () => {
  const connection = s3Connection(server.config);
  const { client } = new MinioService(connection.clientOptions);
  const store = createS3ObjectStore(server.config, connection, client);
  return Promise.resolve({
    store,
    unfinished: async () => {
      const page = await client.listIncompleteUploadsQuery(server.config.bucket, '', '', '', '');
      return page.uploads.length;
    },
    openResources: () => Promise.resolve(socketsInUse(connection.transport.agent)),
    close: () => store.close(),
  });
});

describe(S3ObjectStore.name, () => {
  // small sizes: a few objects instead of thousands, megabytes instead of gigabytes
  const sizes = { partBytes: 5 * MIB, maxSingleCopyBytes: 6 * MIB, copyPartBytes: 5 * MIB, pageSize: 3 };
  let sut: S3ObjectStore;
  let folder: string;

  beforeEach(() => {
    const connection = s3Connection(server.config);
    sut = createS3ObjectStore(server.config, connection, new MinioService(connection.clientOptions).client, sizes);
    folder = `separations/${crypto.randomUUID()}/`;
  });
  afterEach(() => sut.close());

  it('lists and removes more than one page', async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `${folder}${index}/x`);
    for (const key of keys) await sut.putText(key, key);
    expect((await collect(sut.list(folder))).map(({ key }) => key)).toEqual(keys);
    expect(await collect(sut.listFolders(folder))).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    await sut.removeAll(folder);
    expect(await collect(sut.list(folder))).toEqual([]);
  });

  it('copies large objects in parts', async () => {
    const bytes = Buffer.alloc(12 * MIB, 'music');
    await sut.put(`${folder}from`, Readable.from([bytes]));
    await sut.copy(`${folder}from`, `${folder}to`);
    const copied = Buffer.concat(await collect((await sut.get(`${folder}to`)) as AsyncIterable<Buffer>));
    expect(copied.equals(bytes)).toBe(true);
  });

  it('sweeps abandoned uploads', async () => {
    const source = new PassThrough();
    const put = sut.put(`${folder}song`, source);
    await write(source, 12 * MIB);
    const other = createObjectStore(server.config);
    expect(await other.sweepUnfinished(-60_000)).toBe(1);
    expect(await other.sweepUnfinished(-60_000)).toBe(0);
    await other.close();
    source.end();
    await expect(put).rejects.toThrow(StorageUnavailableError);
    expect(await collect(sut.list(folder))).toEqual([]);
  });

  it('creates a missing bucket, even in concurrent calls', async () => {
    const config = { ...server.config, bucket: `new-${Date.now()}` };
    const stores = Array.from({ length: 5 }, () => createObjectStore(config));
    await Promise.all(stores.map((store, index) => store.putText(`${index}`, 'x')));
    expect(await collect(sut.list('separations/none/'))).toEqual([]);
    const [first] = stores;
    expect(first && (await collect(first.list('')))).toHaveLength(5);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('is unavailable with a wrong secret, and does not print it', async () => {
    const wrong = createObjectStore({ ...server.config, secretKey: 'not-the-secret' });
    const ping = wrong.ping();
    await expect(ping).rejects.toThrow(StorageUnavailableError);
    await expect(ping).rejects.not.toThrow(/not-the-secret/);
    await wrong.close();
  });

  it('is unavailable if nothing listens', async () => {
    const nowhere = createObjectStore({ ...server.config, endpoint: new URL('http://127.0.0.1:1') });
    await expectUnavailable(nowhere.ping());
    await expectUnavailable(nowhere.put('a', Readable.from(['x'])));
    await nowhere.close();
  });
});

describe('S3ObjectStore during an outage of its server', () => {
  let mortal: S3Server;
  let sut: ReturnType<typeof createObjectStore>;

  beforeAll(async () => {
    // always our own server: the specs freeze and kill it
    mortal = await startS3Server('specs', { given: false });
    sut = createObjectStore(mortal.config);
  });
  beforeEach(() => sut.put('song', Readable.from([Buffer.alloc(24 * MIB)])));
  afterAll(async () => {
    await sut.close();
    await mortal.stop();
  });

  it('fails every waiting call within 2 s when the server hangs, and recovers with it', async () => {
    const source = new PassThrough();
    const put = sut.put('upload', source);
    await write(source, 10 * MIB);
    const stream = await sut.get('song');
    mortal.freeze();
    source.write(Buffer.alloc(8 * MIB));
    const calls: Promise<unknown>[] = [
      put,
      sut.ping(),
      sut.head('song'),
      sut.getText('song'),
      sut.copy('song', 'copy'),
    ];
    calls.push(sut.putText('a', 'b'), sut.remove('none'));
    const reads = [collect(sut.list('')), collect(stream as AsyncIterable<Buffer>)];
    await Promise.all([...calls, ...reads].map(expectUnavailable));
    mortal.thaw();
    await sut.ping();
  });

  it('fails every call when the server is killed, and works again within 3 s of its return', async () => {
    const source = new PassThrough();
    const put = sut.put('upload', source);
    await write(source, 10 * MIB);
    const stream = await sut.get('song');
    await mortal.kill();
    source.write(Buffer.alloc(8 * MIB));
    await Promise.all([expectUnavailable(put), expectUnavailable(collect(stream as AsyncIterable<Buffer>))]);
    await expectUnavailable(sut.ping());
    await mortal.restart();
    const returned = Date.now();
    await sut.ping();
    await sut.putText('after', 'restart');
    expect(await sut.getText('after')).toBe('restart');
    expect(await sut.head('upload')).toBeUndefined();
    expect(Date.now() - returned).toBeLessThan(patient(3000));
    expect(await sut.sweepUnfinished(-60_000)).toBeGreaterThanOrEqual(0);
  });
});

async function expectUnavailable(call: Promise<unknown>): Promise<void> {
  const began = Date.now();
  await expect(call).rejects.toThrow(StorageUnavailableError);
  expect(Date.now() - began).toBeLessThan(patient(KNOWS_WITHIN_MS));
}

function socketsInUse(agent: Agent): number {
  return Object.values(agent.sockets).reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0);
}
