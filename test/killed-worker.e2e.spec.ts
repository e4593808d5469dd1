import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commandLine, processesWith } from './support/process-list.js';
import { makeSong } from './support/songs.js';
import { TestService } from './support/test-service.js';
import { waitUntil } from './support/wait-until.js';

// many passes over the song: long enough to be killed in the middle
const LONG = { shifts: '10', formats: 'flac' };

describe('a worker that is killed in the middle', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start();
  }, 60_000);

  afterAll(() => service.close());

  it('leaves no process, and its job ends once and correctly on another worker', async () => {
    const song = await makeSong(service.folder, 120);
    const first = service.workers[0];
    const { id } = (await service.api.upload(song, LONG)).body;
    await waitUntil('the engine separates', async () => {
      const { progress } = (await service.api.separation(id)).body;
      return progress.stage === 'separate' && progress.percent > 5;
    });

    await first?.app.kill();
    const killedAt = Date.now();
    const ofWorker = (): string[] => processesWith(service.folder).map(commandLine).filter(isWork);
    await waitUntil('engine and ffmpeg are gone', () => ofWorker().length === 0, { deadlineMs: 2000 });

    await service.startWorker();
    await waitUntil('the job runs again', async () => (await service.api.separation(id)).body.progress.percent > 5, {
      deadlineMs: 20_000 - (Date.now() - killedAt),
    });
    const done = await service.waitFor(id, 'completed', 120_000);
    expect(done.receipt?.stems).toHaveLength(4);
    expect(done.receipt?.input.samples).toBe(120 * 44_100);
    await waitUntil('no scratch is left', () => !existsSync(service.scratch) || scratchOf(service, id).length === 0);
  }, 240_000);
});

function isWork(command: string): boolean {
  return command.includes('separation_engine') || command.includes('ffmpeg');
}

function scratchOf(service: TestService, id: string): string[] {
  return readdirSync(service.scratch, { recursive: true })
    .map(String)
    .filter((name) => name.includes(id));
}
