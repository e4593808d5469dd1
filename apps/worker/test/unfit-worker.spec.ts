import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commandLine, processesWith } from '../../../test/support/service/process-list.js';
import { passingTo, writeProgram } from '../../../test/support/service/program.js';
import { findFfmpeg, makeSong } from '../../../test/support/songs/songs.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { WorkerFixture, type RunningWorker } from './worker-fixture.js';

const PYTHON = resolve('engine', '.venv', 'bin', 'python');

describe('a built worker that is unfit', () => {
  let fixture: WorkerFixture;
  let worker: RunningWorker;
  let python: string;
  let ffmpeg: string;

  beforeAll(async () => {
    fixture = await WorkerFixture.open();
    python = join(fixture.folder, 'python');
    ffmpeg = join(fixture.folder, 'ffmpeg');
    await writeProgram(python, passingTo(PYTHON));
    await writeProgram(ffmpeg, passingTo(await findFfmpeg()));
    worker = await fixture.startWorker({ ENGINE_PYTHON: python, FFMPEG_PATH: ffmpeg });
  });

  afterAll(() => fixture.close());

  async function untilReadiness(name: string, status: 'up' | 'down'): Promise<void> {
    await waitUntil(`${name} is ${status}`, async () => {
      const body: unknown = await (await fetch(`${worker.url}/health/ready`)).json();
      return (body as { checks: Record<string, { status: string }> }).checks[name]?.status === status;
    });
  }

  it('takes no song while its scratch folder cannot be used, says so, and takes songs again after that', async () => {
    const scratch = join(fixture.folder, 'scratch');
    await rm(scratch, { recursive: true });
    await writeFile(scratch, 'not a folder');
    await untilReadiness('scratch', 'down');
    await waitUntil('it pauses', () => worker.app.output.includes('takes no songs: scratch'));
    const id = await fixture.submit(await makeSong(fixture.folder, 3));
    // a fetch that began before the pause may bring it; then it is given back
    await waitUntil('it is queued', async () => (await fixture.queue.state(id))?.status === 'queued');
    await rm(scratch);
    await fixture.untilManifest(id);
  });

  it('takes no song while ffmpeg does not run, fails none, and takes songs again after that', async () => {
    // it works, until it meets a song
    await writeProgram(
      ffmpeg,
      `[ "$1" = -version ] && [ ! -e '${fixture.folder}/broken' ] && ${passingTo(await findFfmpeg())}
touch '${fixture.folder}/broken'; exit 127`,
    );
    const id = await fixture.submit(await makeSong(fixture.folder, 3, 4));
    await untilReadiness('ffmpeg', 'down');
    await waitUntil('it is given back', async () => (await fixture.queue.state(id))?.status === 'queued');
    expect(worker.app.output).toMatch(/takes no songs: ffmpeg: .*exit code 127/);
    await rm(ffmpeg);
    const other = await fixture.submit(await makeSong(fixture.folder, 3, 5));
    await writeProgram(ffmpeg, passingTo(await findFfmpeg()));
    await Promise.all([id, other].map((one) => fixture.untilManifest(one)));
    expect(worker.app.output).not.toContain('will retry');
  });

  it('takes no song while its engine cannot start, and leaves them to a healthy worker', async () => {
    await writeProgram(python, 'exit 1');
    const [engine = Number.NaN] = processesWith(fixture.folder).filter((pid) => commandLine(pid).includes('serve'));
    process.kill(engine, 'SIGKILL');
    await untilReadiness('engine', 'down');
    const songs = await Promise.all([1, 2, 3].map((variant) => makeSong(fixture.folder, 3, variant)));
    const ids = await Promise.all(songs.map((song) => fixture.submit(song)));
    await fixture.startWorker();
    for (const id of ids) await fixture.untilManifest(id);
    const { failed } = await fixture.queue.depth();
    expect(failed).toBe(0);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/separations_total\{.*outcome="completed".*\} 3/);
  });
});
