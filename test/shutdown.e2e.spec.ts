import { describe, expect, it } from '@jest/globals';
import { makeSong } from './support/songs.js';
import { TestService } from './support/test-service.js';
import { waitUntil } from './support/wait-until.js';

describe('SIGTERM', () => {
  it('makes a worker hand its job back, which another finishes, and leaves nothing behind', async () => {
    const service = await TestService.start({ env: { SHUTDOWN_GRACE_SECONDS: '1' } });
    try {
      const { id } = (await service.api.upload(await makeSong(service.folder, 120), { shifts: '10' })).body;
      await waitUntil('it runs', async () => (await service.api.separation(id)).body.progress.stage === 'separate');
      await service.workers[0]?.app.stop(10_000);
      await waitUntil('the job waits again', async () => (await service.api.separation(id)).body.status === 'queued', {
        deadlineMs: 3000,
      });
      expect(service.leftovers()).toEqual([service.apis[0]?.app.pid]);
      await service.startWorker();
      await service.waitFor(id, 'completed', 120_000);
    } finally {
      await service.close();
    }
  }, 180_000);

  it('ends a rest-server with open event streams in good time', async () => {
    const service = await TestService.start();
    try {
      const { id } = (await service.api.upload(await makeSong(service.folder, 120), { shifts: '10' })).body;
      const stream = await service.api.fetch(`/v1/separations/${id}/events`);
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      await service.apis[0]?.app.stop(10_000);
      await stream.body?.cancel();
    } finally {
      await service.close();
    }
  }, 60_000);
});
