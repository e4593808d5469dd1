import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Ffmpeg, readFlacSamples, WORKING_RATE } from '@app/audio';
import { createLogger } from '@app/logging';
import { ListenSignals, PreviewBoard } from '@app/queue';
import { RedisConnections, RedisKeys } from '@app/redis';
import { objectKeys, type Preview, type SeparationId } from '@app/separations';
import { FolderObjectStore } from '@app/storage';
import { someRedis } from '../../../../test/support/servers/redis-server.js';
import { someId } from '../../../../test/support/separations/stored-separations.js';
import { decodeSamples, findFfmpeg } from '../../../../test/support/songs/songs.js';
import { floatWav } from '../../../../test/support/songs/wav.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { StemFiles } from '../separation/steps/stem-files.js';
import { PreviewPublisher } from './preview-publisher.js';

const STEMS = ['vocals', 'bass'];
const SECOND = WORKING_RATE;
const TOTAL = 20 * SECOND + 7;
const SAMPLES = STEMS.map((_, stem) =>
  Float32Array.from({ length: 2 * TOTAL }, (_, at) => 0.9 * Math.sin(at / (30 + stem))),
);
const HEADER_BYTES = 44;
const FRAME_BYTES = 8;

describe(PreviewPublisher.name, () => {
  let root: string;
  let folder: string;
  let redis: Awaited<ReturnType<typeof someRedis>>;
  let connections: RedisConnections;
  let store: FolderObjectStore;
  let listeners: ListenSignals;
  let board: PreviewBoard;
  let sut: PreviewPublisher;
  let song: GrowingSong;
  let id: SeparationId;
  let ending: AbortController;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'preview-'));
    redis = await someRedis();
    connections = new RedisConnections({ url: redis.url }, new RedisKeys('preview-publisher'));
    store = new FolderObjectStore(join(root, 'objects'));
    listeners = new ListenSignals(connections);
    board = new PreviewBoard(connections);
    const logger = createLogger({ level: 'error', format: 'text' }, 'worker-server');
    sut = new PreviewPublisher({ store, ffmpeg: new Ffmpeg(await findFfmpeg()), listeners, board, logger });
  });

  afterAll(async () => {
    await connections.close();
    await redis.close();
    await rm(root, { recursive: true });
  });

  beforeEach(async () => {
    id = someId();
    folder = join(root, id);
    song = await GrowingSong.create(join(folder, 'stems'));
    ending = new AbortController();
  });

  afterEach(() => song.close());

  const publish = (onFirstSound = (): void => undefined): Promise<void> =>
    sut.publish(id, song.stems, { scratch: folder, signal: ending.signal, onFirstSound });

  const published = (blocks: number): Promise<Preview> =>
    waitUntil(`block ${blocks}`, async () => {
      const preview = await board.read(id);
      return preview?.blocks.length === blocks ? preview : undefined;
    });

  const fileOf = (attempt: string, stem: string, n: number): string =>
    join(root, 'objects', objectKeys.previewBlock(id, attempt, stem, n));

  it('publishes what is final of every stem, at -6 dB, in blocks of at least 3 s but for the last', async () => {
    await listeners.announce(id);
    const done = publish();
    await song.growTo(2.9 * SECOND);
    await song.growTo(3 * SECOND);
    const first = await published(1);
    expect(first).toMatchObject({ blocks: [{ n: 0, from: 0, to: 3 * SECOND }], samples: TOTAL });
    await song.growTo(5 * SECOND);
    await song.growTo(19 * SECOND);
    await published(3);
    await song.growTo(TOTAL);
    await done;
    const { attempt, blocks } = await published(4);
    expect(attempt).toBe(first.attempt);
    // a late listener does not wait until 16 s are encoded
    expect(blocks.map(({ to }) => to)).toEqual([3 * SECOND, 15 * SECOND, 19 * SECOND, TOTAL]);
    expect(blocks.map(({ from }) => from)).toEqual([0, 3 * SECOND, 15 * SECOND, 19 * SECOND]);
    for (const [at, stem] of STEMS.entries()) {
      const gain = 10 ** (-6 / 20);
      let worst = 0;
      for (const { n, from, to } of blocks) {
        const heard = await decodeSamples(fileOf(attempt, stem, n));
        const wanted = SAMPLES[at]?.subarray(2 * from, 2 * to);
        expect(heard).toHaveLength(wanted?.length ?? 0);
        for (let index = 0; index < heard.length; index += 1) {
          worst = Math.max(worst, Math.abs((heard[index] ?? 9) - gain * (wanted?.[index] ?? 9)));
        }
      }
      expect(worst).toBeLessThan(0.8 * 2 ** -23);
    }
    expect(existsSync(join(folder, 'preview'))).toBe(false);
  });

  it('publishes nothing while nobody listens, and everything from the start for who comes late', async () => {
    const awaited: number[] = [];
    const done = publish(() => awaited.push(1));
    await song.growTo(8 * SECOND);
    await song.growTo(TOTAL - 1);
    expect(await board.read(id)).toBeUndefined();
    expect(existsSync(join(root, 'objects', objectKeys.previews(id)))).toBe(false);
    await listeners.announce(id);
    expect((await published(2)).blocks.map(({ to }) => to)).toEqual([12 * SECOND, TOTAL - 1]);
    ending.abort();
    await done;
    // nobody waited for it
    expect(awaited).toEqual([]);
  });

  it('hears of a listener who was there before, or of whom only the key tells', async () => {
    const { keys } = connections;
    const done = publish();
    await song.growTo(4 * SECOND);
    await connections.call((client) => client.set(keys.listening(id), '', 'PX', 15_000));
    await published(1);
    expect(await connections.call((client) => client.pttl(keys.listening(id)))).toBeGreaterThan(10_000);
    ending.abort();
    await done;
  });

  it('starts over with another attempt after a lost worker, and removes what that one published', async () => {
    await listeners.announce(id);
    const lost = publish();
    await song.growTo(4 * SECOND);
    const before = await published(1);
    ending.abort();
    await lost;
    ending = new AbortController();
    const done = publish();
    const after = await waitUntil('another attempt', async () => {
      const preview = await board.read(id);
      return preview?.attempt === before.attempt ? undefined : preview;
    });
    expect(after.blocks).toEqual(before.blocks);
    await waitUntil('the earlier one is removed', () => !existsSync(fileOf(before.attempt, 'bass', 0)));
    expect(existsSync(fileOf(after.attempt, 'bass', 0))).toBe(true);
    ending.abort();
    await done;
    await sut.remove(id);
    expect([await board.read(id), existsSync(join(root, 'objects', objectKeys.previews(id)))]).toEqual([
      undefined,
      false,
    ]);
  });

  it('ends where the store refuses a block, and announces none of it', async () => {
    const inTheWay = join(root, 'objects', objectKeys.previews(id));
    await mkdir(dirname(inTheWay), { recursive: true });
    await writeFile(inTheWay.slice(0, -1), 'not a folder');
    await listeners.announce(id);
    const done = publish();
    await song.growTo(4 * SECOND);
    await done;
    expect(ending.signal.aborted).toBe(false);
    expect(await board.read(id)).toBeUndefined();
  });

  it('says how long a block is in its header', async () => {
    await listeners.announce(id);
    const done = publish();
    await song.growTo(6.5 * SECOND);
    const { attempt } = await published(1);
    expect(await readFlacSamples(fileOf(attempt, 'vocals', 0))).toBe(6.5 * SECOND);
    ending.abort();
    await done;
  });
});

/** The stem files of a song while an engine writes them. */
class GrowingSong {
  private written = 0;

  private constructor(
    readonly stems: StemFiles,
    private readonly files: readonly FileHandle[],
  ) {}

  static async create(folder: string): Promise<GrowingSong> {
    const stems = new StemFiles(folder, STEMS, TOTAL);
    await mkdir(folder, { recursive: true });
    const files = await Promise.all(STEMS.map((stem) => open(stems.pathOf(stem), 'w')));
    const header = floatWav(new Float32Array(), 2, WORKING_RATE, TOTAL * FRAME_BYTES);
    for (const file of files) await file.write(header);
    return new GrowingSong(stems, files);
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map((file) => file.close()));
  }

  async growTo(samples: number): Promise<void> {
    for (const [at, file] of this.files.entries()) {
      const from = this.written * FRAME_BYTES;
      const bytes = new Uint8Array(SAMPLES[at]?.buffer ?? new ArrayBuffer(), from, samples * FRAME_BYTES - from);
      await file.write(bytes, 0, undefined, HEADER_BYTES + from);
    }
    this.written = samples;
    this.stems.update({ writtenSamples: samples, gainDb: 0 });
  }
}
