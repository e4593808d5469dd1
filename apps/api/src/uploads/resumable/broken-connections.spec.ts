import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Separation } from '@app/separations';
import { Upload } from 'tus-js-client';
import type { Problem } from '../../../../../test/support/service/api-client.js';
import { startApi, type InProcessApi } from '../../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../../test/support/servers/redis-server.js';
import { s3Environment } from '../../../../../test/support/servers/s3-environment.js';
import { startS3Server, type S3Server } from '../../../../../test/support/servers/s3-server.js';
import { TcpProxy } from '../../../../../test/support/servers/tcp-proxy.js';
import { wav } from '../../../../../test/support/songs/wav.js';
import { ResumableUploads } from './resumable-uploads.js';

const BREAKS = 10;
const SETTINGS = { RATE_LIMIT_PER_MINUTE: '0' };

describe.each(['folder', 's3'])(`${ResumableUploads.name}, in a store of kind %s`, (driver) => {
  let redis: RedisServer;
  let s3: S3Server | undefined;
  let folder: string;
  let servers: InProcessApi[];
  let proxy: TcpProxy;

  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = await mkdtemp(join(tmpdir(), 'resumable-'));
    s3 = driver === 's3' ? await startS3Server() : undefined;
    servers = [await start(), await start()];
    proxy = await TcpProxy.start(servers[0]?.port ?? 0);
  });

  afterAll(async () => {
    await proxy.close();
    await Promise.all(servers.map((server) => server.close()));
    await s3?.stop();
    await redis.close();
    await rm(folder, { recursive: true });
  });

  function start(): Promise<InProcessApi> {
    return startApi(redis.url, { ...SETTINGS, DATA_DIR: folder, ...(s3 && s3Environment(s3.config)) });
  }

  it(`takes a song over a connection that breaks ${BREAKS} times, byte for byte, whichever server it meets`, async () => {
    // no two parts of it are equal
    const song = wav({ seconds: 170, frequency: 441.37 });
    proxy.breakEvery(Math.floor(song.length / (BREAKS + 1)), BREAKS);
    const offsets: number[] = [];
    const url = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(song, {
        endpoint: `http://127.0.0.1:${proxy.port}/v1/uploads`,
        metadata: { filename: 'Blue in Green.wav' },
        retryDelays: Array.from({ length: BREAKS }, () => 20),
        onAfterResponse: (request, response) => {
          if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('Upload-Offset')));
          // the next connection leads to another server
          proxy.target = servers[offsets.length % servers.length]?.port ?? 0;
        },
        onError: reject,
        onSuccess: () => {
          resolve(upload.url ?? '');
        },
      });
      upload.start();
    });
    expect(proxy.breaksLeft).toBe(0);
    expect(offsets.length).toBeGreaterThanOrEqual(BREAKS);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    // a server that forgets what came before a break begins at 0 each time
    expect(offsets.at(-1)).toBeGreaterThan(song.length / 2);
    const [server] = servers;
    const form = new FormData();
    form.set('upload', url.split('/').at(-1) ?? '');
    form.set('model', 'demo');
    const answer = await server?.client.json<Separation & Problem>('/v1/separations', { method: 'POST', body: form });
    expect(answer).toMatchObject({ status: 202, body: { fileName: 'Blue in Green.wav', status: 'queued' } });
    const input = await server?.client.bytes(`/v1/separations/${answer?.body.id ?? ''}/input`);
    expect(input?.body.equals(song)).toBe(true);
    expect(await server?.objects('staging/uploads/')).toEqual([]);
    expect((await server?.client.upload(song, { model: 'demo' }))?.body.id).toBe(answer?.body.id);
  });
});
