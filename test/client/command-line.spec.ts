import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  FORMATS,
  KNOWN_MODELS,
  objectKeys,
  type ManifestStem,
  type SeparationPage,
  type StoredRequest,
} from '@app/separations';
import { SubmissionsService } from '../../apps/api/src/submissions/submissions.service.js';
import { StandInWorker } from '../support/separations/stand-in-worker.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { buildClient } from '../support/service/build-client.js';
import { CommandLine } from '../support/service/command-line.js';
import { startApi, type InProcessApi } from '../support/service/in-process-api.js';
import { wav } from '../support/songs/wav.js';
import { waitUntil } from '../support/wait-until.js';

const DEMO_SONG = resolve('demo', 'demo-song.mp3');
const STEMS = ['bass.flac', 'drums.flac', 'other.flac', 'vocals.flac'];

describe('the command line', () => {
  let redis: RedisServer;
  let api: InProcessApi;
  let worker: StandInWorker | undefined;
  let folder: string;
  let songs: string;
  let frequency = 200;
  const running: CommandLine[] = [];

  beforeAll(async () => {
    await buildClient();
    redis = await RedisServer.start();
    api = await startApi(redis.url);
  });

  afterAll(async () => {
    await api.close();
    await redis.close();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'command-line-'));
    songs = join(folder, 'songs');
    await mkdir(songs);
  });

  afterEach(async () => {
    for (const one of running.splice(0)) if (one.process.exitCode === null) await one.stop('SIGKILL');
    await worker?.close();
    worker = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  /** Every song has its stems at once. */
  async function startWorker(): Promise<void> {
    const makeStem = async ({ id, durationSeconds }: StoredRequest, name: string): Promise<ManifestStem> => {
      const sound = `${name} of ${id}`;
      const sha256 = createHash('sha256').update(sound).digest('hex');
      const key = objectKeys.stem(id, name, 'flac', sha256);
      await api.store.putText(key, sound);
      return { name, key, sha256, bytes: sound.length, samples: Math.round(durationSeconds * 44_100), peakDb: -8 };
    };
    const makeStems = (request: StoredRequest): Promise<ManifestStem[]> =>
      Promise.all(request.stems.map((name) => makeStem(request, name)));
    worker = await StandInWorker.start(redis.url, api.store, makeStems);
  }

  function separate(...args: readonly string[]): CommandLine {
    const env = { SEPARATION_SERVER: api.client.url };
    const started = CommandLine.start([...args, '--model', 'demo'], { cwd: folder, env });
    running.push(started);
    return started;
  }

  /** A song that no other one is equal to. */
  async function addSong(name: string): Promise<string> {
    frequency += 10;
    const path = join(songs, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, wav({ seconds: 0.2, frequency }));
    return path;
  }

  async function listed(): Promise<SeparationPage['separations']> {
    return (await api.client.json<SeparationPage>('/v1/separations?limit=100')).body.separations;
  }

  it.each([
    ['--overlap', '2', 'overlap must be from 0 to 0.9. (invalid_overlap)'],
    ['--stems', 'kazoo', '(unknown_stem)'],
    ['--overlap', 'abc', '--overlap must be a number of at least 0, not abc.'],
    ['--shifts', '1.5', '--shifts must be a whole number, not 1.5.'],
    ['--track', '0', '--track must be a number of at least 1, not 0.'],
    ['--formats', 'ogg', `--formats takes ${[...FORMATS].sort().join(', ')}, not ogg.`],
    ['--priority', 'high', '--priority takes normal, low, not high.'],
  ])('explains why %s %s is refused', async (option, value, explanation) => {
    const refused = separate(DEMO_SONG, option, value);
    expect(await refused.end()).toBe(2);
    expect(refused.stderr).toContain(explanation);
    expect(await readdir(folder)).toEqual(['songs']);
  });

  it('ends a watch whose options, here those of WATCH_OPTIONS, the server refuses', async () => {
    await addSong('one.wav');
    const env = { SEPARATION_SERVER: api.client.url, WATCH_OPTIONS: '--model demo --stems kazoo  --settle 9' };
    const refused = CommandLine.start([songs, '--watch', '--settle', '0', '--poll', '0.05'], { cwd: folder, env });
    running.push(refused);
    expect(await refused.end()).toBe(2);
    expect(refused.stderr).toContain('(unknown_stem)');
  });

  it('lists the models that there are', async () => {
    const env = { SEPARATION_SERVER: api.client.url };
    const refused = CommandLine.start([DEMO_SONG, '--model', 'x'], { cwd: folder, env });
    expect(await refused.end()).toBe(2);
    const names = KNOWN_MODELS.map(({ name }) => name).sort();
    expect(refused.stderr).toContain(`Allowed: ${names.join(', ')}. (unknown_model)`);
  });

  it('sends a song again that a busy service refused', async () => {
    const submit = jest.spyOn(api.app.get(SubmissionsService, { strict: false }), 'submit');
    redis.pause();
    const started = separate(DEMO_SONG);
    await waitUntil('the first try', () => submit.mock.calls.length > 0);
    await expect(submit.mock.results[0]?.value).rejects.toMatchObject({ code: 'queue_unavailable' });
    redis.resume();
    const [accepted] = await waitUntil('the song to be accepted', async () => {
      const all = await listed();
      return all.length === 1 && all;
    });
    await api.client.cancel(accepted?.id ?? '');
    expect(await started.end()).toBe(1);
    expect(started.stderr).toContain('The separation was cancelled.');
    submit.mockRestore();
  });

  it('tells its usage, with all formats, and what is wrong with the arguments', async () => {
    const help = separate('--help');
    expect(await help.end()).toBe(0);
    expect(help.stdout).toContain(`--formats ${['flac', 'mp3', 'wav'].join(',')}`);
    expect([...FORMATS].sort()).toEqual(['flac', 'mp3', 'wav']);
    const faults = [
      ...[[], ['missing.mp3'], ['--loud', songs], [songs, '--at-once', '0'], [DEMO_SONG, '--watch']],
      // stems would be taken for songs
      ...[
        [songs, '--out', songs],
        [songs, '--out', folder],
        // a file, and a folder that cannot be made
        [DEMO_SONG, '--out', DEMO_SONG],
        [songs, '--out', join(DEMO_SONG, 'stems')],
      ],
    ];
    for (const args of faults) expect({ args, code: await separate(...args).end() }).toEqual({ args, code: 2 });
  });

  it('ends with 3 where no server answers', async () => {
    const away = separate(DEMO_SONG, '--server', 'http://127.0.0.1:1');
    expect(await away.end()).toBe(3);
    expect(away.stderr).toContain('No server answers at http://127.0.0.1:1.');
  });

  it('separates a folder, goes on after a song that fails, and skips what is written', async () => {
    await startWorker();
    for (const name of ['album/one.wav', 'two.wav', 'two.aiff']) await addSong(name);
    await writeFile(join(songs, 'broken.mp3'), 'no music');
    await writeFile(join(songs, 'cover.jpg'), 'no song');
    const first = separate(songs, '--json');
    expect({ code: await first.end(), stderr: first.stderr }).toEqual({ code: 1, stderr: '' });
    expect(first.of('end')).toEqual([{ event: 'end', written: 3, skipped: 0, failed: 1 }]);
    expect(first.of('failed')).toMatchObject([{ song: 'broken.mp3', code: 'no_audio' }]);
    const out = join(folder, 'songs-stems');
    // songs of one name have folders of their own
    expect(first.of('written').map(({ song }) => song)).toEqual(
      expect.arrayContaining(['album/one.wav', 'two.wav', 'two.aiff']),
    );
    const folders = (await readdir(out)).filter((name) => name.startsWith('two'));
    expect(folders).toHaveLength(2);
    for (const name of ['album/one', ...folders]) expect((await readdir(join(out, name))).sort()).toEqual(STEMS);

    await rm(join(out, 'album', 'one', 'drums.flac'));
    await rm(join(songs, 'broken.mp3'));
    const second = separate(songs, '--json');
    expect(await second.end()).toBe(0);
    expect(second.of('end')).toEqual([{ event: 'end', written: 1, skipped: 2, failed: 0 }]);
    expect((await readdir(join(out, 'album', 'one'))).sort()).toEqual(STEMS);
    // stems are no songs
    const third = separate(out);
    expect(await third.end()).toBe(2);
    expect(third.stderr).toContain('holds stems that were written before');
  });

  /** Whose stems lie in each folder: the text of each drums file tells its separation. */
  async function owners(out: string, folders: readonly string[]): Promise<string[]> {
    return Promise.all(folders.map((name) => readFile(join(out, name, 'drums.flac'), 'utf8')));
  }

  it('keeps songs of one name in several inputs apart', async () => {
    await startWorker();
    const paths = [await addSong('A/01.wav'), await addSong('B/01.wav')];
    const inputs: [string[], string[]][] = [
      [
        [join(songs, 'A'), join(songs, 'B')],
        ['A/01', 'B/01'],
      ],
      [paths, ['A/01', 'B/01']],
      // at the same time, and of one name after their extensions are gone
      [
        [...paths, await addSong('C/sub/01.wav'), join(songs, 'C')],
        ['A/01', 'B/01', 'sub/01'],
      ],
    ];
    for (const [at, [args, folders]] of inputs.entries()) {
      const out = join(folder, `out-${at}`);
      const first = separate(...args, '--out', out, '--json');
      expect(await first.end()).toBe(0);
      expect(first.of('end')).toMatchObject([{ written: folders.length, failed: 0 }]);
      expect(new Set(await owners(out, folders)).size).toBe(folders.length);
      const again = separate(...args, '--out', out, '--json');
      expect(await again.end()).toBe(0);
      expect(again.of('end')).toMatchObject([{ written: 0, failed: 0 }]);
    }
  });

  it('lays a single song flat only where no other song is', async () => {
    await startWorker();
    const out = join(folder, 'out');
    const one = await addSong('A/01.wav');
    const other = await addSong('B/01.wav');
    // a file without an extension
    const bare = join(songs, 'bare');
    await copyFile(await addSong('bare.wav'), bare);
    for (const song of [one, other, one, other]) expect(await separate(song, '--out', out).end()).toBe(0);
    expect((await readdir(out)).sort()).toEqual(['.separations', '01', ...STEMS]);
    expect(new Set(await owners(out, ['', '01'])).size).toBe(2);
    const started = CommandLine.start(['bare', '--model', 'demo'], {
      cwd: songs,
      env: { SEPARATION_SERVER: api.client.url },
    });
    running.push(started);
    expect(await started.end()).toBe(0);
    expect((await readdir(join(songs, 'bare-stems'))).sort()).toEqual(['.separations', ...STEMS]);
  });

  it('cancels its separation on Ctrl-C, and leaves it to the server on SIGTERM', async () => {
    for (const [signal, code, status] of [
      ['SIGTERM', 143, 'queued'],
      ['SIGINT', 130, 'cancelled'],
    ] as const) {
      const song = await addSong(`${signal}.wav`);
      const started = separate(song, '--json');
      const [queued] = await started.prints('queued');
      expect(await started.stop(signal)).toBe(code);
      expect((await api.client.separation(String(queued?.['id']))).body.status).toBe(status);
      expect(await readdir(folder)).toEqual(['songs']);
    }
  });

  it('watches a folder: takes each song once, when it is whole, and also after a restart', async () => {
    await startWorker();
    const library = join(songs, 'library');
    const watch = (): CommandLine =>
      separate(songs, '--watch', '--out', library, '--poll', '0.05', '--settle', '0.5', '--json');
    const before = (await listed()).length;
    // others may write to the folder, and must not send any file of the user
    await symlink(DEMO_SONG, join(songs, 'elsewhere.mp3'));
    const first = watch();
    // a song whose end is not there yet
    const whole = wav({ seconds: 0.5, frequency: 3000 });
    const copied = join(songs, 'copied.wav');
    let length = 1000;
    const copying = setInterval(() => void writeFile(copied, whole.subarray(0, (length += 100))), 20);
    const one = await addSong('one.wav');
    await first.prints('written');
    clearInterval(copying);
    await writeFile(copied, whole);
    await first.prints('written', 2);
    await copyFile(one, join(songs, 'again.wav'));
    expect(await first.prints('skipped')).toMatchObject([{ song: 'again.wav', reason: 'the same song as one.wav' }]);
    await writeFile(join(songs, 'broken.mp3'), 'no music');
    await first.prints('failed');
    expect(await first.stop('SIGTERM')).toBe(143);
    expect(first.of('written').map(({ song }) => song)).toEqual(['one.wav', 'copied.wav']);

    // a song that was moved is the same one
    await rename(one, join(songs, 'moved.wav'));
    const second = watch();
    await addSong('new.wav');
    expect(await second.prints('written')).toMatchObject([{ song: 'new.wav' }]);
    await second.stop('SIGTERM');
    expect(second.of('failed')).toEqual([]);
    const sent = (await listed()).slice(0, -before || undefined);
    expect(sent.map(({ fileName, priority }) => `${priority} ${fileName}`).sort()).toEqual(
      ['low copied.wav', 'low new.wav', 'low one.wav'].sort(),
    );
    // the library lies in the watched folder
    expect((await readdir(library)).sort()).toEqual(['.separations', 'copied', 'new', 'one']);
    const drums = await readFile(join(library, 'copied', 'drums.flac'), 'utf8');
    expect(drums).toBe(`drums of ${sent.find(({ fileName }) => fileName === 'copied.wav')?.id ?? ''}`);
  });
});
