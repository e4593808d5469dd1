import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PreviewBoard } from '@app/queue';
import { objectKeys } from '@app/separations';
import { slowEngine } from '../../../test/support/service/slow-engine.js';
import { makeSong } from '../../../test/support/songs/songs.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { Listener } from './listener.js';
import { WorkerFixture } from './worker-fixture.js';

describe('a worker that exits during a job', () => {
  let fixture: WorkerFixture;

  beforeEach(async () => {
    fixture = await WorkerFixture.open();
  });

  afterEach(() => fixture.close());

  it('killed while somebody listens, leaves nothing after 2 s, and another takes the job within 20 s', async () => {
    // slow enough to be heard
    const slow = slowEngine(1);
    await Promise.all([fixture.startWorker(slow), fixture.startWorker(slow)]);
    const id = await fixture.submit(await makeSong(fixture.folder, 20));
    const listener = Listener.of(fixture, id);
    const board = new PreviewBoard(fixture.connections);
    const before = await waitUntil('something can be heard', () => board.read(id));
    const victim = fixture.workerOf(id);

    await victim.app.kill();
    // what was heard stays until the other worker has its own
    expect((await fixture.objects(objectKeys.preview(id, before.attempt))).length).toBeGreaterThanOrEqual(4);
    await waitUntil('its engine is gone', () => fixture.children().length === 1, { deadlineMs: 2000 });
    await waitUntil('its scratch is gone', () => fixture.scratch().length === 1, {
      deadlineMs: 2000,
    });
    await waitUntil('the other has the job', () => fixture.scratch().join().includes(id), {
      deadlineMs: 20_000,
    });
    const another = async (): Promise<boolean> => (await board.read(id))?.attempt !== before.attempt;
    await waitUntil('the other publishes its own blocks', another, { deadlineMs: 10_000, everyMs: 20 });
    const manifest = await fixture.untilManifest(id);
    listener.leave();
    expect(manifest.stems).toHaveLength(4);
    await waitUntil('no preview is left', async () => (await fixture.objects(objectKeys.previews(id))).length === 0);
  });

  it('killed while it encodes, takes its encoders with it', async () => {
    const worker = await fixture.startWorker();
    const id = await fixture.submit(await makeSong(fixture.folder, 40), { formats: ['mp3', 'flac', 'wav'] });
    await waitUntil(
      'it encodes',
      () => fixture.children().join().includes('ffmpeg') && fixture.scratch().join().includes('vocals.mp3'),
      { deadlineMs: 60_000, everyMs: 5 },
    );
    await worker.app.kill();
    await waitUntil('all children are gone', () => fixture.children().length === 0, { deadlineMs: 2000 });
    expect(await fixture.manifest(id)).toBeUndefined();
  });

  it('hands the job back at once on SIGTERM, and leaves nothing', async () => {
    const worker = await fixture.startWorker({ SHUTDOWN_GRACE_SECONDS: '0' });
    const id = await fixture.submit(await makeSong(fixture.folder, 20), { shifts: 10 });
    await fixture.untilStage(id, 'separate');
    worker.app.signal('SIGTERM');
    expect(await worker.app.ended).toBe(0);
    expect(await fixture.queue.state(id)).toMatchObject({ status: 'queued' });
    expect(await fixture.outcome(id)).toBe('accepted');
    expect([fixture.children(), fixture.scratch()]).toEqual([[], []]);
    expect(await fixture.presence.live()).toEqual([]);
  });

  it('finishes a job within the grace time on SIGTERM', async () => {
    const worker = await fixture.startWorker({ SHUTDOWN_GRACE_SECONDS: '60' });
    const id = await fixture.submit(await makeSong(fixture.folder, 8));
    await fixture.untilStage(id, 'separate');
    worker.app.signal('SIGTERM');
    expect(await worker.app.ended).toBe(0);
    expect(await fixture.manifest(id)).toBeDefined();
  });
});

describe('a worker whose engine fails', () => {
  let fixture: WorkerFixture;

  beforeEach(async () => {
    fixture = await WorkerFixture.open();
  });

  afterEach(() => fixture.close());

  it('retries after one crash of the engine', async () => {
    await fixture.startWorker({ ENGINE_FAULT: `crash:${fixture.folder}/once` });
    const id = await fixture.submit(await makeSong(fixture.folder, 4));
    expect((await fixture.untilManifest(id)).stems).toHaveLength(4);
  });

  it('gives up a song that always crashes the engine, stores the failure, and is ready again', async () => {
    const worker = await fixture.startWorker({ ENGINE_FAULT: 'crash' });
    const id = await fixture.submit(await makeSong(fixture.folder, 4));
    await fixture.untilFailed(id);
    expect(await fixture.failure(id)).toMatchObject({ code: 'engine_crashed' });
    await waitUntil('it is ready', async () => (await fetch(`${worker.url}/health/ready`)).ok, {
      deadlineMs: 30_000,
    });
  });

  it('is not ready without the default model, says why, and takes no job', async () => {
    const worker = await fixture.launchWorker({ MODEL: 'htdemucs' });
    const reason = async (): Promise<string | undefined> => {
      const answer = (await (await fetch(`${worker.url}/health/ready`)).json()) as ReadyAnswer;
      return answer.checks.engine.reason?.includes('model_not_installed') === true ? answer.code : undefined;
    };
    expect(await waitUntil('it says why', reason, { deadlineMs: 40_000 })).toBe('not_ready');
    const id = await fixture.submit(await makeSong(fixture.folder, 4));
    expect(await fixture.queue.state(id)).toMatchObject({ status: 'queued' });
  });
});

interface ReadyAnswer {
  readonly code: string;
  readonly checks: { readonly engine: { readonly reason?: string } };
}
