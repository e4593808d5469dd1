import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FORMATS, KNOWN_MODELS, type SeparationPage } from '@app/separations';
import { SubmissionsService } from '../apps/api/src/submissions/submissions.service.js';
import { startApi, type InProcessApi } from './support/service/in-process-api.js';
import { RedisServer } from './support/servers/redis-server.js';
import { waitUntil } from './support/wait-until.js';

const DEMO_SONG = resolve('demo', 'demo-song.mp3');

describe('scripts/separate.mjs', () => {
  let redis: RedisServer;
  let api: InProcessApi;

  beforeAll(async () => {
    redis = await RedisServer.start();
    api = await startApi(redis.url);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  /** What it prints when it ends with 1. */
  async function refusal(...args: readonly string[]): Promise<string> {
    const ended = promisify(execFile)(process.execPath, ['scripts/separate.mjs', ...args]);
    const { code, stderr } = (await ended.catch((error: unknown) => error)) as { code: number; stderr: string };
    expect(code).toBe(1);
    return stderr;
  }

  it.each([
    ['--overlap', '2', 'overlap must be from 0 to 0.9. (invalid_overlap)'],
    ['--formats', 'ogg', `There is no format "ogg". Allowed: ${FORMATS.join(', ')}. (unknown_format)`],
    [
      '--model',
      'x',
      `Allowed: ${KNOWN_MODELS.map(({ name }) => name)
        .sort()
        .join(', ')}. (unknown_model)`,
    ],
  ])('explains why %s %s is refused', async (option, value, explanation) => {
    expect(await refusal(DEMO_SONG, '--server', api.client.url, option, value)).toContain(explanation);
  });

  it('sends a song again that a busy service refused', async () => {
    const submit = jest.spyOn(api.app.get(SubmissionsService, { strict: false }), 'submit');
    redis.pause();
    const stopped = refusal(DEMO_SONG, '--server', api.client.url, '--model', 'demo');
    await waitUntil('the first try', () => submit.mock.calls.length > 0);
    await expect(submit.mock.results[0]?.value).rejects.toMatchObject({ code: 'queue_unavailable' });
    redis.resume();
    const list = async (): Promise<SeparationPage> => (await api.client.json<SeparationPage>('/v1/separations')).body;
    await waitUntil('the song to be accepted', async () => (await list()).separations.length === 1);
    await api.client.cancel((await list()).separations[0]?.id ?? '');
    expect(await stopped).toContain('The separation was cancelled.');
    submit.mockRestore();
  });

  it('lists the formats in its usage', async () => {
    expect(await refusal('--help')).toContain(`--formats ${FORMATS.join(',')}`);
  });
});
