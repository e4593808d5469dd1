import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionError, SeparationClient, type Song } from '../index.js';
import { songFile } from './index.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { TcpProxy } from '../../../../test/support/servers/tcp-proxy.js';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';

const MIB = 1024 * 1024;
const BREAKS = 3;
const NAME = 'Blüe in Grün.wav';

describe('uploads of the client over a connection that breaks', () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let proxy: TcpProxy;
  let client: SeparationClient;
  let folder: string;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, { MODEL: 'demo' });
    proxy = await TcpProxy.start(api.port);
    client = new SeparationClient({ server: `http://127.0.0.1:${proxy.port}` });
    folder = await mkdtemp(join(tmpdir(), 'broken-uploads-'));
  });

  afterAll(async () => {
    await proxy.close();
    await api.close();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  /** no two parts of it are equal */
  function someSong(bytes: number, frequency: number): Buffer {
    return wav({ seconds: bytes / (4 * 44_100), frequency });
  }

  async function fileOf(bytes: Buffer): Promise<Song> {
    const path = join(folder, NAME);
    await writeFile(path, bytes);
    return songFile(path);
  }

  /** of uploads that were neither used nor given up */
  async function pieces(): Promise<string[]> {
    return (await api.objects('staging/uploads/')).filter((key) => key.includes('/pieces/'));
  }

  it.each([
    ['a large song', 33 * MIB, 441.37],
    ['a small song', 8 * MIB, 443.21],
  ])('takes %s once, byte for byte', async (_, size, frequency) => {
    const bytes = someSong(size, frequency);
    const song = await fileOf(bytes);
    const before = proxy.sentBytes;
    proxy.breakEvery(Math.floor(size / (BREAKS + 1)), BREAKS);
    const sent: number[] = [];
    const { id, fileName } = await client.upload(song, {}, { onProgress: (arrived) => sent.push(arrived) });
    expect(proxy.breaksLeft).toBe(0);
    expect(fileName).toBe(NAME);
    expect(sent.at(-1)).toBe(bytes.length);
    expect((await api.client.bytes(`/v1/separations/${id}/input`)).body.equals(bytes)).toBe(true);
    expect(await pieces()).toEqual([]);
    expect((await api.client.upload(bytes)).body.id).toBe(id);
    // each break costs what is under way, and the first of a small song all that was sent
    expect(proxy.sentBytes - before).toBeLessThan(1.5 * size);
  });

  it('waits for a server that is away after a break', async () => {
    const bytes = someSong(8 * MIB, 457.19);
    const song = await fileOf(bytes);
    const { port } = await closedPort();
    const { target, connections } = proxy;
    let isAway = false;
    const onProgress = (): void => {
      if (isAway) return;
      isAway = true;
      proxy.target = port;
      proxy.breakAll();
    };
    const uploaded = client.upload(song, {}, { onProgress });
    // the second attempt finds no server either
    await waitUntil('attempts while the server is away', () => proxy.connections >= connections + 3);
    proxy.target = target;
    const { id } = await uploaded;
    expect((await api.client.bytes(`/v1/separations/${id}/input`)).body.equals(bytes)).toBe(true);
  });

  it('ends at once for a server that does not answer, an abort, and a file that became shorter', async () => {
    const song = await fileOf(someSong(33 * MIB, 449.11));
    const { port } = await closedPort();
    const away = new SeparationClient({ server: `http://127.0.0.1:${port}` });
    await expect(away.upload(song)).rejects.toThrow(ConnectionError);
    const stop = new AbortController();
    const onProgress = (): void => {
      stop.abort(new Error('stopped'));
    };
    await expect(client.upload(song, {}, { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    await writeFile(join(folder, NAME), Buffer.alloc(MIB));
    await expect(client.upload(song)).rejects.toThrow(`${NAME} has become shorter.`);
    expect(await pieces()).toEqual([]);
  });

  async function closedPort(): Promise<{ port: number }> {
    const closed = await TcpProxy.start(api.port);
    const { port } = closed;
    await closed.close();
    return { port };
  }
});
