import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FORMATS, KNOWN_MODELS } from '@app/separations';
import { startApi, type InProcessApi } from './support/in-process-api.js';
import { RedisServer } from './support/redis-server.js';

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

  it('lists the formats in its usage', async () => {
    expect(await refusal('--help')).toContain(`--formats ${FORMATS.join(',')}`);
  });
});
