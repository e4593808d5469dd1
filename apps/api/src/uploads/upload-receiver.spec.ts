import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { startApi, type InProcessApi } from '../../../../test/support/service/in-process-api.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { wav } from '../../../../test/support/songs/wav.js';
import { UploadReceiver } from './upload-receiver.js';

const FILE_HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n';

describe(UploadReceiver.name, () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let sut: UploadReceiver;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url, {
      MAX_UPLOAD_BYTES: '50000000',
      UPLOAD_STALL_SECONDS: '1',
      TRUSTED_PROXIES: '1',
    });
    sut = api.app.get(UploadReceiver, { strict: false });
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  /** an upload whose body the spec writes */
  function begin(headers: Record<string, string> = {}, agent?: Agent): ClientRequest {
    const upload = request(`http://127.0.0.1:${api.port}/v1/separations`, {
      method: 'POST',
      ...(agent && { agent }),
      headers: { 'content-type': 'multipart/form-data; boundary=b', ...headers },
    });
    upload.on('error', () => undefined);
    return upload;
  }

  async function answerOf(upload: ClientRequest): Promise<{ status: number | undefined; body: unknown }> {
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    const chunks = (await answer.toArray()) as Buffer[];
    return { status: answer.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
  }

  it('leaves nothing behind when a client disconnects', async () => {
    const upload = begin();
    upload.write(FILE_HEAD);
    upload.write(Buffer.alloc(3_000_000));
    await waitUntil('the upload to be received', () => sut.inProgress === 1);
    upload.destroy();
    await waitUntil('its end', () => sut.inProgress === 0, { deadlineMs: 5000 });
    expect(await api.objects()).toEqual([]);
    expect(await api.store.sweepUnfinished(0)).toBe(0);
  });

  it('keeps half of its places for other clients', async () => {
    const form = `${FILE_HEAD}${'x'.repeat(5000)}`;
    const send = (client: string): ClientRequest => {
      const upload = begin({ 'x-forwarded-for': client });
      upload.write(form);
      return upload;
    };
    const held = Array.from({ length: 32 }, () => send('10.0.0.1'));
    try {
      await waitUntil('the uploads to be received', () => {
        // on a busy machine the first would stall before the last arrives
        for (const upload of held) upload.write('x');
        return sut.inProgress === 32;
      });
      const another = send('10.0.0.1');
      expect(await answerOf(another)).toMatchObject({ status: 429, body: { code: 'too_many_at_once' } });
      another.destroy();
      const other = send('10.0.0.2');
      other.end('\r\n--b--\r\n');
      expect(await answerOf(other)).toMatchObject({ status: 415, body: { code: 'no_audio' } });
    } finally {
      for (const upload of held) upload.destroy();
    }
    await waitUntil('their end', () => sut.inProgress === 0);
  });

  it('answers 408 to a stalled upload, closes it, and leaves nothing behind', async () => {
    const upload = begin();
    upload.write(FILE_HEAD);
    upload.write(Buffer.alloc(3_000_000));
    const startedAt = performance.now();
    expect(await answerOf(upload)).toMatchObject({ status: 408, body: { code: 'upload_stalled' } });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    await waitUntil('its connection to be closed', () => upload.socket?.destroyed === true);
    await waitUntil('its end', () => sut.inProgress === 0);
    expect(await api.objects()).toEqual([]);
    expect(await api.store.sweepUnfinished(0)).toBe(0);
  });

  it('accepts a slow upload in small pieces', async () => {
    const upload = begin();
    const body = Buffer.concat([
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ndemo\r\n${FILE_HEAD}`),
      wav({ seconds: 0.05 }),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    for (let at = 0; at < body.length; at += 500) {
      upload.write(body.subarray(at, at + 500));
      await pause(5);
    }
    upload.end();
    expect(await answerOf(upload)).toMatchObject({ status: 202, body: { model: 'demo', fileName: 'a.wav' } });
  });

  it('refuses a declared length above the limit before the body is sent', async () => {
    const upload = begin({ 'content-length': '60000000' });
    upload.flushHeaders();
    expect(await answerOf(upload)).toMatchObject({ status: 413, body: { code: 'file_too_large', limit: 50_000_000 } });
    upload.destroy();
  });

  it('answers a refused client that reads only after it sent everything, and keeps its connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = Buffer.concat([
      Buffer.from(FILE_HEAD.replace('"file"', '"song"')),
      Buffer.alloc(20_000_000),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    try {
      for (const isReused of [false, true]) {
        const upload = begin({}, agent);
        const answer = answerOf(upload);
        await new Promise<void>((sent) => upload.end(body, sent));
        expect(await answer).toMatchObject({ status: 400, body: { code: 'unknown_field' } });
        expect(upload.reusedSocket).toBe(isReused);
      }
    } finally {
      agent.destroy();
    }
  });

  it('accepts the next upload on a connection after a refusal', async () => {
    for (let count = 0; count < 3; count++) {
      expect((await api.client.upload(Buffer.from('text'), {}, 'x.mp3')).status).toBe(415);
    }
  });
});
