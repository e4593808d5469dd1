import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORKING_RATE } from '@app/audio';
import { CancelledJobError, RetryableJobError, jobOf, type JobProgress } from '@app/queue';
import { STAGES, objectKeys, type Manifest, type ManifestFile, type StoredRequest } from '@app/separations';
import type { SeparationStore } from '@app/separation-store';
import { hashFile, type FolderObjectStore } from '@app/storage';
import { commandLine, processesWith } from '../../../../test/support/service/process-list.js';
import { writeWav } from '../../test/chord-wav.js';
import { ProcessorFixture } from '../../test/processor-fixture.js';
import { decodeSamples, ffmpeg, makeSong } from '../../../../test/support/songs/songs.js';
import { storeSong } from '../../test/worker-fixture.js';
import type { Scratch } from './scratch.js';
import { SeparationProcessor } from './separation.processor.js';
import { patient } from '../../../../test/support/patience.js';
import { waitUntil } from '../../../../test/support/wait-until.js';

const LIMIT_SECONDS = 60;

describe(SeparationProcessor.name, () => {
  let fixture: ProcessorFixture;
  let folder: string;
  let store: FolderObjectStore;
  let separations: SeparationStore;
  let scratch: Scratch;
  let sut: SeparationProcessor;
  let song: string;
  let completed: readonly Manifest[];

  beforeAll(async () => {
    fixture = await ProcessorFixture.open({ maxDurationSeconds: LIMIT_SECONDS });
    ({ folder, store, separations, scratch, completed } = fixture);
    sut = fixture.processor;
    song = join(folder, 'song.wav');
    await writeWav(song, 6);
  });

  afterAll(async () => {
    await fixture.close();
    expect(processesWith(folder)).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  const attempt = (
    request: StoredRequest,
    onProgress: (progress: JobProgress) => void = () => undefined,
    signal = new AbortController().signal,
    processor = sut,
  ): Promise<void> => {
    const reportProgress = (progress: JobProgress): Promise<void> => {
      onProgress(progress);
      return Promise.resolve();
    };
    return processor.handle(jobOf(request), { signal, attempt: 1, reportProgress });
  };

  it.each(STAGES)('stops within 2 s when cancelled in the stage %s, and leaves nothing', async (stage) => {
    const request = await storeSong(store, song, { formats: ['mp3', 'wav'] });
    const cancel = new AbortController();
    let askedAt = Number.NaN;
    const cancelled = attempt(
      request,
      (progress) => {
        if (progress.stage !== stage || cancel.signal.aborted) return;
        askedAt = performance.now();
        cancel.abort(new CancelledJobError());
      },
      cancel.signal,
    );
    await expect(cancelled).rejects.toBeInstanceOf(CancelledJobError);
    expect(performance.now() - askedAt).toBeLessThan(patient(2000));
    expect(readdirSync(scratch.path)).toEqual([]);
    expect(processesWith(scratch.path).map(commandLine)).toEqual([]);
    expect((await separations.find(request.id))?.manifest).toBeUndefined();
  });

  it('makes only the wanted stems, and measures each stage', async () => {
    const request = await storeSong(store, song, { stems: ['vocals', 'instrumental'], formats: ['wav'] });
    const stages: string[] = [];
    await attempt(request, ({ stage }) => stages.push(stage));
    const manifest = completed.find(({ id }) => id === request.id);
    expect(manifest?.stems.map(({ name, samples }) => [name, samples]).sort()).toEqual([
      ['instrumental', 6 * WORKING_RATE],
      ['vocals', 6 * WORKING_RATE],
    ]);
    expect(manifest?.residualDb).toBeNull();
    expect(manifest?.licence).toMatchObject({ class: 'own', source: 'engine/training/README.md' });
    expect([...new Set(stages)]).toEqual([...STAGES]);
    for (const stage of ['fetch', 'decode', 'separate', 'store'] as const) {
      expect(manifest?.seconds[stage]).toBeGreaterThan(0);
    }
    // too little encoding may remain to be measured
    expect(manifest?.seconds.encode).toBeGreaterThanOrEqual(0);
    for (const { name, key, sha256 } of manifest?.stems ?? []) {
      expect(key).toBe(objectKeys.stem(request.id, name, 'flac', sha256));
      expect(existsSync(join(folder, 'objects', key))).toBe(true);
    }
  });

  it('separates the track that was asked for, and tells when it starts', async () => {
    const film = join(folder, 'film.mka');
    const [silence, late] = ['anullsrc=d=2:r=44100', 'aevalsrc=0.25*sin(2000*t)|0.25*sin(2000*t):d=1:s=48000'];
    const tracks = ['-f', 'lavfi', '-i', silence, '-itsoffset', '0.5', '-f', 'lavfi', '-i', late];
    await ffmpeg(...tracks, '-map', '0', '-map', '1', '-c:a', 'flac', film);
    const request = await storeSong(store, film, { stems: ['vocals'], track: 2 });
    await attempt(request);
    const manifest = completed.find(({ id }) => id === request.id);
    expect(manifest?.options.track).toBe(2);
    expect(manifest?.input).toMatchObject({
      sampleRate: 48_000,
      tracks: [2],
      startSeconds: 0.5,
      samples: WORKING_RATE,
    });
    expect(manifest?.original?.peakDb).toBeCloseTo(-12, 0);
  });

  const stemsOf = async (manifest: Manifest | undefined): Promise<Float32Array[]> =>
    Promise.all((manifest?.stems ?? []).map(({ key }) => decodeSamples(join(folder, 'objects', key))));

  it('lowers all stems of a loud song by one gain of whole dB, and puts it in the receipt', async () => {
    const loud = join(folder, 'loud.wav');
    await writeWav(loud, 20, (share) => 1 + 60 * share);
    const request = await storeSong(store, loud, { formats: ['mp3', 'wav'] });
    await attempt(request);
    const manifest = completed.find(({ id }) => id === request.id);
    expect(manifest?.gainDb).toBeLessThan(-12);
    expect(Number.isInteger(manifest?.gainDb)).toBe(true);
    const peaks = manifest?.stems.map(({ peakDb }) => peakDb ?? -Infinity) ?? [];
    expect(Math.max(...peaks)).toBeLessThanOrEqual(0);
    expect(Math.max(...peaks)).toBeGreaterThan(-1);
    // with one gain for every sample, the stems still add up to the song
    const stems = await stemsOf(manifest);
    const mix = await decodeSamples(loud);
    const gain = 10 ** ((manifest?.gainDb ?? 0) / 20);
    let [song, rest] = [0, 0];
    for (const [at, sample] of mix.entries()) {
      song += sample ** 2;
      rest += (sample - stems.reduce((sum, stem) => sum + (stem[at] ?? Number.NaN), 0) / gain) ** 2;
    }
    expect(10 * Math.log10(rest / song)).toBeCloseTo(manifest?.residualDb ?? Number.NaN, 1);
  });

  it('keeps the tags and the cover of a song, and its masters are those of the song without them', async () => {
    const at = (name: string): string => join(folder, name);
    const [plain, image, tagged] = [at('plain.flac'), at('image.png'), at('tagged.flac')];
    await ffmpeg('-i', song, plain);
    await ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-frames:v', '1', image);
    const cover = ['-i', image, '-map', '0', '-map', '1', '-c', 'copy', '-disposition:v', 'attached_pic'];
    await ffmpeg('-i', plain, ...cover, '-metadata', 'title=Tea', '-metadata', 'artist=Two', tagged);
    const [bare, full] = [await storeSong(store, plain), await storeSong(store, tagged)];
    for (const request of [bare, full]) await attempt(request);
    const [without, manifest] = [bare, full].map((request) => completed.find(({ id }) => id === request.id));
    expect(manifest?.input.tags).toEqual({ title: 'Tea', artist: 'Two' });
    expect([without?.input.tags, without?.cover]).toEqual([{}, undefined]);
    const { key = '', sha256 } = manifest?.cover ?? {};
    expect(await hashFile(join(folder, 'objects', key))).toMatchObject({ sha256 });
    expect(manifest?.stems.map((stem) => stem.sha256)).toEqual(without?.stems.map((stem) => stem.sha256));
    expect(await separations.removeStrays(full.id, -1000, new AbortController().signal)).toBe(0);
    expect(await store.head(key)).toBeDefined();
  });

  it('stores the decoded song with a gain of its own, within half a step of 24 bits', async () => {
    const loud = join(folder, 'over.wav');
    await writeWav(loud, 3, () => 5);
    const request = await storeSong(store, loud);
    await attempt(request);
    const manifest = completed.find(({ id }) => id === request.id);
    expect(manifest?.ffmpeg).toMatch(/^n?\d/);
    const { key = '', gainDb = NaN, samples, peakDb } = manifest?.original ?? {};
    // the chord peaks at 1.5
    expect({ gainDb, samples }).toEqual({ gainDb: -4, samples: 3 * WORKING_RATE });
    const [stored, mix] = await Promise.all([decodeSamples(join(folder, 'objects', key)), decodeSamples(loud)]);
    expect(stored).toHaveLength(mix.length);
    const peak = mix.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peakDb).toBeCloseTo(20 * Math.log10(peak) - 4, 5);
    const gain = 10 ** (gainDb / 20);
    const worst = mix.reduce((most, sample, at) => Math.max(most, Math.abs((stored[at] ?? 9) - sample * gain)), 0);
    expect(worst).toBeLessThan(0.51 * 2 ** -23);
  });

  it('keeps the result of the first run that ends, whatever a second one stores', async () => {
    const request = await storeSong(store, song, { formats: ['mp3'] });
    await Promise.all([attempt(request), attempt(request, undefined, undefined, fixture.other)]);
    const committed = completed.filter(({ id }) => id === request.id);
    expect(committed).toHaveLength(1);
    const manifest = (await separations.find(request.id))?.manifest;
    expect(manifest).toEqual(committed[0]);
    const listed = listedFiles(manifest);
    expect(listed).toHaveLength(10);
    for (const { key, sha256, bytes } of listed) {
      expect(await hashFile(join(folder, 'objects', key))).toEqual({ sha256, bytes });
    }
    // those of the second run, except for the waveform, which is equal
    const { signal } = new AbortController();
    expect(await separations.removeStrays(request.id, 60_000, signal)).toBe(0);
    expect(await separations.removeStrays(request.id, -1, signal)).toBe(9);
    for (const { key } of listed) expect(existsSync(join(folder, 'objects', key))).toBe(true);
  });

  const listedFiles = (manifest: Manifest | undefined): ManifestFile[] =>
    manifest === undefined
      ? []
      : [...manifest.stems, ...manifest.artefacts, ...(manifest.original === undefined ? [] : [manifest.original])];

  it.each([
    ['a tenth of a second', 0.1, 1],
    ['silence', 3, 0],
  ])('separates %s', async (_what, seconds, level) => {
    const path = join(folder, `${seconds}-${level}.wav`);
    const samples = await writeWav(path, seconds, () => level);
    const request = await storeSong(store, path, { formats: ['flac', 'mp3', 'wav'] });
    await attempt(request);
    const manifest = completed.find(({ id }) => id === request.id);
    expect(manifest).toMatchObject({ gainDb: 0, input: { samples } });
    for (const stem of await stemsOf(manifest)) expect(stem).toHaveLength(samples * 2);
    expect(manifest?.stems.every(({ peakDb }) => (peakDb === null) === (level === 0))).toBe(true);
  });

  it('warns of a song that was truncated before the upload, with both lengths', async () => {
    const whole = await makeSong(folder, 30);
    const cut = join(folder, 'cut.mp3');
    const bytes = await readFile(whole);
    await writeFile(cut, bytes.subarray(0, bytes.length / 4));
    const request = await storeSong(store, cut);
    await attempt(request);
    const manifest = completed.find(({ id }) => id === request.id);
    const there = manifest?.input.durationSeconds.toFixed(1) ?? '';
    expect(Number(there)).toBeLessThan(10);
    // the last frame may be cut too
    expect(manifest?.warnings).toContainEqual(
      expect.stringMatching(
        new RegExp(`truncated: only ${there.replace('.', '\\.')} s of 30\\.\\d s could be decoded`),
      ),
    );
  });

  it('leaves no encoder when the engine dies, and completes the song in the next attempt', async () => {
    const request = await storeSong(store, await makeSong(folder, 40), { formats: ['mp3'] });
    let engine: number | undefined;
    const died = attempt(request, ({ stage, percent }) => {
      if (stage !== 'separate' || percent < 50 || engine !== undefined) return;
      engine = processesWith(folder).find((child) => commandLine(child).includes('separation_engine'));
      // encoders start two seconds after the first samples of the stems
      process.kill(engine ?? Number.NaN, 'SIGSTOP');
    }).catch((error: unknown) => error);
    const findEncoder = (): boolean =>
      processesWith(scratch.path).some((child) => /ffmpeg.*\.mp3/.test(commandLine(child)));
    try {
      await waitUntil('an encoder runs', () => engine !== undefined && findEncoder(), { deadlineMs: 30_000 });
    } finally {
      if (engine !== undefined) process.kill(engine, 'SIGKILL');
    }
    expect(await died).toMatchObject({ code: 'engine_crashed' });
    expect(processesWith(scratch.path).map(commandLine)).toEqual([]);
    expect(readdirSync(scratch.path)).toEqual([]);
    await attempt(request);
    expect(completed.some(({ id }) => id === request.id)).toBe(true);
  });

  it('separates with a recipe: the receipt names every network, and a dead engine costs only time', async () => {
    const recipe = { model: 'demo_best', stems: ['vocals', 'drums', 'bass', 'other'] };
    const request = await storeSong(store, song, recipe);
    let isKilled = false;
    const dying = attempt(request, ({ stage, percent }) => {
      // in the second half, the second network runs
      if (stage !== 'separate' || percent < 60 || isKilled) return;
      const [pid] = processesWith(folder).filter((child) => commandLine(child).includes('separation_engine'));
      process.kill(pid ?? Number.NaN, 'SIGKILL');
      isKilled = true;
    });
    await expect(dying).rejects.toMatchObject({ code: 'engine_crashed' });
    await attempt(request);
    const again = await storeSong(store, song, recipe);
    await attempt(again);
    const [first, second] = [request, again].map(({ id }) => completed.find((manifest) => manifest.id === id));
    expect(first?.networks?.map((network) => [network.model, network.signature])).toEqual([
      ['demo_roformer', 'ffedeb07'],
      ['demo', 'b64ffff8'],
    ]);
    expect(first?.networks?.filter(({ sha256, seconds }) => sha256.length === 64 && seconds > 0)).toHaveLength(2);
    expect(first?.residualDb).toBeLessThan(-90);
    expect(first?.stems.map(({ name, sha256 }) => [name, sha256])).toEqual(
      second?.stems.map(({ name, sha256 }) => [name, sha256]),
    );
  });

  it('retries a song whose encoder was killed', async () => {
    // encoders of a short song would end before they are found
    const request = await storeSong(store, await makeSong(folder, 50));
    const struck = expect(attempt(request)).rejects.toMatchObject({
      code: 'ffmpeg_killed',
      message: expect.not.stringContaining('/') as unknown,
    });
    const findEncoder = (): number | undefined =>
      processesWith(scratch.path).find((child) => /ffmpeg.*\.flac/.test(commandLine(child)));
    const pid = await waitUntil('an encoder runs', findEncoder, { deadlineMs: 60_000, everyMs: 20 });
    process.kill(pid, 'SIGKILL');
    await struck;
  });

  it('asks again for a song that is not there, or comes shorter', async () => {
    const request = await storeSong(store, song);
    const key = objectKeys.input(request.id, 'wav');
    const stored = await buffer(await store.get(key));
    await store.remove(key);
    await expect(attempt(request)).rejects.toBeInstanceOf(RetryableJobError);
    await store.put(key, Readable.from([stored.subarray(0, 100_000)]));
    await expect(attempt(request)).rejects.toBeInstanceOf(RetryableJobError);
    await store.put(key, Readable.from([stored]));
    await attempt(request);
    expect(completed.some(({ id }) => id === request.id)).toBe(true);
  });

  it('does not retry a song over the duration limit', async () => {
    const long = join(folder, 'long.wav');
    await writeWav(long, LIMIT_SECONDS + 2);
    await expect(attempt(await storeSong(store, long))).rejects.toMatchObject({ code: 'duration_limit' });
  });

  it('does not retry a file without audio', async () => {
    const letter = join(folder, 'letter.mp3');
    await writeFile(letter, 'Dear listener');
    await expect(attempt(await storeSong(store, letter))).rejects.toMatchObject({ code: 'undecodable_audio' });
  });

  it.each([
    ['model_not_installed', { model: 'htdemucs' }],
    ['unknown_stem', { stems: ['kazoo'] }],
  ])('does not retry %s', async (code, wish) => {
    await expect(attempt(await storeSong(store, song, wish))).rejects.toMatchObject({ code });
    expect(readdirSync(scratch.path)).toEqual([]);
  });
});
