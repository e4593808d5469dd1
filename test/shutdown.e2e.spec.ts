import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, request as send, type IncomingMessage } from 'node:http';
import { makeSong } from './support/songs/songs.js';
import { slowEngine } from './support/service/slow-engine.js';
import { TestService } from './support/service/test-service.js';
import { waitUntil } from './support/wait-until.js';

/** after the last answer, and far from the 10 s that uploads and downloads in progress get */
const GOOD_TIME_MS = 5000;

const WAITS = 'the shutdown waits for requests: POST /v1/separations';

describe('SIGTERM of rest-server', () => {
  it('ends it in good time, open event streams and all', async () => {
    const service = await TestService.start({ env: slowEngine(2) });
    const agent = new Agent({ keepAlive: true });
    try {
      const { id } = (await service.api.upload(await makeSong(service.folder, 30))).body;
      const stream = await service.api.fetch(`/v1/separations/${id}/events`);
      expect(stream.headers.get('content-type')).toContain('text/event-stream');

      const upload = send(`${service.api.url}/v1/separations`, {
        method: 'POST',
        agent,
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
      });
      const answered = once(upload, 'response');
      const song = await readFile(await makeSong(service.folder, 4));
      upload.write('--x\r\nContent-Disposition: form-data; name="file"; filename="song.mp3"\r\n\r\n');
      upload.write(song.subarray(0, song.length / 2));
      await waitUntil('it is received', async () => (await service.metric('uploads_in_progress', {})) === 1);

      const stopped = service.apis[0]?.app.stop();
      await waitUntil('the server tells what it waits for', () => service.output.includes(WAITS));
      upload.end(Buffer.concat([song.subarray(song.length / 2), Buffer.from('\r\n--x--\r\n')]));
      const [answer] = (await answered) as [IncomingMessage];
      answer.resume();
      expect(answer.statusCode).toBe(202);
      const answeredAt = performance.now();
      await stopped;
      expect(performance.now() - answeredAt).toBeLessThan(GOOD_TIME_MS);
      await stream.body?.cancel();
    } finally {
      agent.destroy();
      await service.close();
    }
  });
});
