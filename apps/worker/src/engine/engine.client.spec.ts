import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WORKING_RATE } from '@app/audio';
import { processesWith } from '../../../../test/support/service/process-list.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { writeWav } from '../../test/chord-wav.js';
import { ObservedEngine } from '../../test/observed-engine.js';
import { EngineClient, type SeparateOptions } from './engine.client.js';
import { EngineFailureError, EngineLostError } from './engine.errors.js';
import { patient } from '../../../../test/support/patience.js';

const separateOptions = (options: Partial<SeparateOptions> = {}): SeparateOptions => ({
  signal: new AbortController().signal,
  onProgress: () => undefined,
  ...options,
});

describe(EngineClient.name, () => {
  let folder: string;
  let engine: ObservedEngine;

  const song = async (seconds: number): Promise<string> => {
    const path = join(folder, 'mix.wav');
    await writeWav(path, seconds);
    return path;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'engine-'));
  });

  afterEach(async () => {
    await engine.close();
    expect(processesWith(folder)).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  it('separates, and reports progress that never falls', async () => {
    engine = ObservedEngine.demo(folder);
    const done: number[] = [];
    const result = await engine.client.separate(
      engine.separation(await song(20)),
      separateOptions({ onProgress: ({ doneSamples, totalSamples }) => done.push(doneSamples / totalSamples) }),
    );
    expect(result).toMatchObject({
      samples: 20 * WORKING_RATE,
      sampleRate: WORKING_RATE,
      engineVersion: expect.any(String),
    });
    for (const stem of result.stems) expect((await stat(stem.path)).size).toBeGreaterThan(20 * WORKING_RATE * 8);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
    expect(engine.lines.join()).toContain('"requestId": "request"');
  });

  it('fails the job of an engine that dies, and runs the next in a new one', async () => {
    engine = ObservedEngine.demo(folder, { ENGINE_FAULT: `crash:${folder}/died` });
    const input = await song(5);
    await expect(engine.client.separate(engine.separation(input), separateOptions())).rejects.toMatchObject({
      code: 'engine_crashed',
    });
    await engine.client.separate(engine.separation(input), separateOptions());
    expect(engine.ends).toEqual([{ cause: 'crashed', message: 'the engine was killed by SIGKILL' }]);
  });

  it('kills an engine whose heartbeats stop', async () => {
    engine = ObservedEngine.demo(folder, { ENGINE_FAULT: 'hang' }, { silenceMs: 2500 });
    const hung = engine.client.separate(engine.separation(await song(5)), separateOptions());
    await expect(hung).rejects.toMatchObject({ code: 'engine_hung' });
    expect(engine.ends).toMatchObject([{ cause: 'hung' }]);
  });

  it('keeps an engine that runs out of memory in one job', async () => {
    engine = ObservedEngine.demo(folder, { ENGINE_FAULT: 'oom' });
    const failed = engine.client.separate(engine.separation(await song(5)), separateOptions());
    await expect(failed).rejects.toEqual(expect.objectContaining({ code: 'out_of_memory' }));
    await expect(failed).rejects.toBeInstanceOf(EngineFailureError);
    expect(engine.client.state.state).toBe('ready');
    expect(engine.ends).toEqual([]);
  });

  it('cancels one job within 2 s, and finishes the other', async () => {
    engine = ObservedEngine.demo(folder);
    const input = await song(30);
    const cancel = new AbortController();
    let askedAt = Number.NaN;
    const onProgress = (): void => {
      askedAt = performance.now();
      cancel.abort(new Error('changed my mind'));
    };
    const cancelled = engine.client
      .separate(engine.separation(input, 'cancelled'), separateOptions({ signal: cancel.signal, onProgress }))
      .finally(() => {
        expect(performance.now() - askedAt).toBeLessThan(patient(2000));
      });
    const outputDir = join(folder, 'other');
    await mkdir(outputDir);
    const other = engine.client.separate({ ...engine.separation(input, 'other'), outputDir }, separateOptions());
    await expect(cancelled).rejects.toThrow('changed my mind');
    await expect(other).resolves.toMatchObject({ samples: 30 * WORKING_RATE });
    expect(engine.ends).toEqual([]);
  });

  it('restarts an engine above its memory limit, but not during a job', async () => {
    const input = await song(12);
    engine = ObservedEngine.demo(folder, { ENGINE_MAX_MEMORY_BYTES: '1' });
    const result = await engine.client.separate(engine.separation(input), separateOptions());
    expect(result.samples).toBe(12 * WORKING_RATE);
    await waitUntil('the engine exits', () => engine.ends.length > 0);
    expect(engine.ends[0]).toMatchObject({ cause: 'stopped' });
  });

  it('gives the reason at once when the engine cannot start', async () => {
    engine = ObservedEngine.demo(folder, { ENGINE_PYTHON: '/no/such/python' });
    const refused = engine.client.separate(engine.separation('mix.wav'), separateOptions());
    await expect(refused).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(engine.client.state).toMatchObject({ state: 'unavailable', reason: expect.stringContaining('ENOENT') });
  });

  it('rejects with the name of the fault when the default model is not installed', async () => {
    engine = ObservedEngine.demo(folder, { MODEL: 'htdemucs' });
    const refused = engine.client.separate(engine.separation('mix.wav'), separateOptions());
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('model_not_installed') });
  });

  describe('with a scripted engine', () => {
    it.each([
      ['writes no JSON', 'say(**facts)\nnext(commands)\nraw("hello\\n")\ntime.sleep(60)', 'an invalid line'],
      [
        'writes a number that is none',
        'say(**facts)\nnext(commands)\nraw(\'{"type":"heartbeat","memoryBytes":NaN}\\n\')\ntime.sleep(60)',
        'an invalid line',
      ],
      ['never ends its line', 'say(**facts)\nnext(commands)\nwhile True: raw("x" * 65536)', 'longer than'],
    ])('kills an engine that %s', async (_what, body, reason) => {
      engine = await ObservedEngine.scripted(folder, body);
      const lost = engine.client.separate(engine.separation('mix.wav'), separateOptions());
      await expect(lost).rejects.toBeInstanceOf(EngineLostError);
      expect(engine.ends[0]).toEqual({ cause: 'crashed', message: expect.stringContaining(reason) });
    });

    it('rejects another version of the protocol', async () => {
      engine = await ObservedEngine.scripted(folder, 'say(**{**facts, "protocol": 1})\ntime.sleep(60)');
      const refused = engine.client.separate(engine.separation('mix.wav'), separateOptions());
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('protocol 1') });
    });

    it('kills an engine at work that sends heartbeats but uses no CPU time', async () => {
      const still = 'beating()\nsay(**facts)\nfor _ in commands: step = 1';
      engine = await ObservedEngine.scripted(folder, still, { stillBeats: 10 });
      const stalled = engine.client.separate(engine.separation('mix.wav'), separateOptions());
      await expect(stalled).rejects.toMatchObject({ code: 'engine_hung', message: expect.stringContaining('no CPU') });
    });

    it('kills an engine that uses far more CPU time for a segment than the self-check did', async () => {
      const endless = 'cpu = lambda: time.monotonic() * 100\nexpected = 5\nbeating()\nsay(**facts)\n';
      engine = await ObservedEngine.scripted(folder, `${endless}for _ in commands: step = 1`);
      const spinning = engine.client.separate(engine.separation('mix.wav'), separateOptions());
      await expect(spinning).rejects.toMatchObject({ code: 'engine_hung', message: expect.stringContaining('result') });
    });

    it('waits for a starved engine, which uses a little CPU time all along', async () => {
      const starved = [
        'cpu, step, expected = lambda: time.monotonic(), 1, 5',
        'beating()',
        'time.sleep(1.5)',
        'say(**facts)',
        'next(commands)',
        'time.sleep(1.5)',
        'say(type="error", id="job", code="out_of_memory", message="the end of a long segment")',
        'time.sleep(60)',
      ];
      engine = await ObservedEngine.scripted(folder, starved.join('\n'), { stillBeats: 10, firstMessageMs: 20_000 });
      const slow = engine.client.separate(engine.separation('mix.wav'), separateOptions());
      await expect(slow).rejects.toMatchObject({ message: 'the end of a long segment' });
      expect(engine.ends).toEqual([]);
    });

    it('kills an engine that does not answer a cancel', async () => {
      const deaf = 'beating()\nsay(**facts)\nfor command in commands: print(command["type"], flush=True)';
      engine = await ObservedEngine.scripted(folder, deaf, { cancelMs: 300 });
      const cancel = new AbortController();
      const cancelled = engine.client.separate(
        engine.separation('mix.wav'),
        separateOptions({ signal: cancel.signal }),
      );
      await waitUntil('the engine has the job', () => engine.lines.includes('separate'));
      cancel.abort(new Error('changed my mind'));
      await expect(cancelled).rejects.toThrow('changed my mind');
      expect(engine.ends).toMatchObject([{ cause: 'interrupted' }]);
    });

    it.each([
      ['sends nothing at its start', 'time.sleep(60)', 'sent nothing'],
      ['hangs while it loads', 'step = 1\nbeating()\ntime.sleep(60)', 'no CPU'],
    ])('kills an engine that %s', async (_what, body, reason) => {
      engine = await ObservedEngine.scripted(folder, body, { firstMessageMs: 2000, stillBeats: 10 });
      await waitUntil('the engine exits', () => engine.ends.length > 0);
      expect(engine.ends[0]).toMatchObject({ cause: 'hung', message: expect.stringContaining(reason) });
    });

    it('forwards text that a library prints to stdout', async () => {
      engine = await ObservedEngine.scripted(
        folder,
        'print("downloading...", flush=True)\nsay(**facts)\ntime.sleep(60)',
      );
      await engine.untilReady();
      await waitUntil('the line arrives', () => engine.lines.includes('downloading...'));
      expect(engine.ends).toEqual([]);
    });
  });
});
