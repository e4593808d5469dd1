import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PreviewBoard } from '@app/queue';
import { objectKeys, type Manifest, type Preview, type SeparationId } from '@app/separations';
import { slowEngine } from '../../../test/support/service/slow-engine.js';
import { makeSong } from '../../../test/support/songs/songs.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { Listener } from './listener.js';
import { WorkerFixture } from './worker-fixture.js';

describe('the preview of a separation that a worker runs', () => {
  let fixture: WorkerFixture;
  let board: PreviewBoard;
  let song: string;

  beforeAll(async () => {
    fixture = await WorkerFixture.open();
    board = new PreviewBoard(fixture.connections);
    song = await makeSong(fixture.folder, 30);
    // 30 s are five segments
    await fixture.startWorker(slowEngine(0.4));
  });

  afterAll(() => fixture.close());

  const previewFolder = (id: SeparationId): string => join(fixture.folder, 'objects', objectKeys.previews(id));
  const heard = (id: SeparationId): Promise<Preview> => waitUntil('something can be heard', () => board.read(id));
  const mastersOf = ({ stems }: Manifest): string[] => stems.map(({ name, sha256 }) => `${name} ${sha256}`).sort();

  it('is there after the first segment, ends with the commit, and changes no byte of the masters', async () => {
    const [heardId, silentId] = [await fixture.submit(song), await fixture.submit(song)];
    const listener = Listener.of(fixture, heardId);
    let isHeard = false;
    const other = waitUntil(
      'the manifest of the other song',
      async () => {
        isHeard ||= existsSync(previewFolder(silentId)) || (await board.read(silentId)) !== undefined;
        return fixture.manifest(silentId);
      },
      { deadlineMs: 90_000 },
    );
    other.catch(() => undefined);
    const first = await heard(heardId);
    const state = await fixture.queue.state(heardId);
    // a step of five, at the most, after the first one
    expect(state?.status === 'processing' ? state.progress.percent : Number.NaN).toBeLessThan(50);
    const { to } = first.blocks[0] ?? { to: 0 };
    expect(to).toBeGreaterThanOrEqual(3 * 44_100);
    for (const stem of ['vocals', 'drums', 'bass', 'other']) {
      const key = objectKeys.previewBlock(heardId, first.attempt, stem, 0);
      expect(existsSync(join(fixture.folder, 'objects', key))).toBe(true);
    }
    const listened = await fixture.untilManifest(heardId);
    await waitUntil('the preview is gone', () => !existsSync(previewFolder(heardId)));
    await waitUntil('nothing is announced', async () => (await board.read(heardId)) === undefined);
    listener.leave();
    const silent = await other;
    expect(isHeard).toBe(false);
    expect(mastersOf(listened)).toEqual(mastersOf(silent));
    expect(listened.gainDb).toBe(silent.gainDb);
  });

  it('ends with a cancel', async () => {
    const id = await fixture.submit(song);
    const listener = Listener.of(fixture, id);
    await heard(id);
    await fixture.cancelSignals.request(id);
    await waitUntil('the preview is gone', () => !existsSync(previewFolder(id)));
    await waitUntil('the cancel is stored', async () => (await fixture.outcome(id)) === 'cancelled');
    expect(existsSync(previewFolder(id))).toBe(false);
    listener.leave();
  });

  it('ends where the store takes no block, and the separation goes on', async () => {
    const id = await fixture.submit(song);
    await mkdir(join(fixture.folder, 'objects', objectKeys.separation(id)), { recursive: true });
    await writeFile(previewFolder(id).slice(0, -1), 'not a folder');
    const listener = Listener.of(fixture, id);
    expect((await fixture.untilManifest(id)).stems).toHaveLength(4);
    expect(await board.read(id)).toBeUndefined();
    listener.leave();
  });
});
