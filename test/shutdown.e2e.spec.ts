import { describe, expect, it } from '@jest/globals';
import { makeSong } from './support/songs/songs.js';
import { slowEngine } from './support/service/slow-engine.js';
import { TestService } from './support/service/test-service.js';

describe('SIGTERM of rest-server', () => {
  it('ends it in good time, open event streams and all', async () => {
    const service = await TestService.start({ env: slowEngine(2) });
    try {
      const { id } = (await service.api.upload(await makeSong(service.folder, 30))).body;
      const stream = await service.api.fetch(`/v1/separations/${id}/events`);
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      await service.apis[0]?.app.stop(10_000);
      await stream.body?.cancel();
    } finally {
      await service.close();
    }
  });
});
