import { describe, expect, it } from '@jest/globals';
import { Prefetcher, wantedSegments } from './prefetcher.js';
import { SAMPLE_RATE, type Segment, type StemSource } from './sources/stem-source.js';

const MINUTES = 60;

function source(segment: (index: number) => Promise<Segment>): StemSource {
  return { segmentSamples: 3 * SAMPLE_RATE, samples: MINUTES * 60 * SAMPLE_RATE, segment };
}

describe(Prefetcher.name, () => {
  it('keeps a minute of an hour-long song in memory, wherever it is played', async () => {
    const held = new Set<number>();
    const silence = new Float32Array(1);
    const sut = new Prefetcher(
      source(() => Promise.resolve({ left: silence, right: silence })),
      {
        add: (index) => held.add(index),
        keep: (indexes) => {
          for (const index of held) if (!indexes.includes(index)) held.delete(index);
        },
        failed: (error) => {
          throw error;
        },
      },
    );
    for (const minute of [0, 1, 30, 59, 2]) {
      const position = minute * 60 * SAMPLE_RATE;
      sut.follow(position, undefined);
      await new Promise((resolve) => setImmediate(resolve));
      sut.follow(position, undefined);
      expect(held.has(Math.floor(position / (3 * SAMPLE_RATE)))).toBe(true);
      expect(held.size).toBeLessThan(20);
    }
  });

  it('loads nothing after it is closed', async () => {
    const asked: number[] = [];
    const sut = new Prefetcher(
      source((index) => {
        asked.push(index);
        return Promise.resolve({ left: new Float32Array(1), right: new Float32Array(1) });
      }),
      { add: () => undefined, keep: () => undefined, failed: () => undefined },
    );
    sut.follow(0, undefined);
    sut.close();
    await new Promise((resolve) => setImmediate(resolve));
    sut.follow(0, undefined);
    expect(asked).toEqual([0]);
  });

  it('loads what is ready, also behind what is not', async () => {
    const silence = { left: new Float32Array(1), right: new Float32Array(1) };
    const ready = new Set([0, 2]);
    const added: number[] = [];
    const sut = new Prefetcher(
      { ...source(() => Promise.resolve(silence)), isReady: (index) => ready.has(index) },
      { add: (index) => added.push(index), keep: () => undefined, failed: () => undefined },
    );
    sut.follow(0, undefined);
    await new Promise((resolve) => setImmediate(resolve));
    ready.add(1);
    sut.follow(0, undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(added).toEqual([0, 2, 1]);
  });

  it('drops what a seek makes needless, and loads nothing while nobody hears the lane', async () => {
    const silence = { left: new Float32Array(1), right: new Float32Array(1) };
    const asked: number[] = [];
    let finish = (): void => undefined;
    const sut = new Prefetcher(
      {
        ...source(() => Promise.resolve(silence)),
        segment: (index, signal) => {
          asked.push(index);
          return new Promise((resolve, reject) => {
            finish = () => {
              resolve(silence);
            };
            signal.addEventListener('abort', () => {
              reject(new Error('stopped'));
            });
          });
        },
      },
      { add: () => undefined, keep: () => undefined, failed: () => undefined },
    );
    const settle = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
    sut.follow(0, undefined);
    sut.follow(600 * SAMPLE_RATE, undefined);
    await settle();
    expect(asked).toEqual([0, 200]);
    sut.rest(600 * SAMPLE_RATE, undefined);
    finish();
    await settle();
    expect(asked).toEqual([0, 200]);
    sut.follow(600 * SAMPLE_RATE, undefined);
    await settle();
    expect(asked).toEqual([0, 200, 201]);
  });

  it('loads better segments where nothing is missing, and none that is about to be played', async () => {
    const silence = { left: new Float32Array(1), right: new Float32Array(1) };
    const added: number[] = [];
    const improved = new Set<number>();
    const sut = new Prefetcher(
      {
        ...source(() => Promise.resolve(silence)),
        samples: 12 * SAMPLE_RATE,
        canImprove: (index) => !improved.has(index),
      },
      {
        add: (index) => {
          if (added.includes(index)) improved.add(index);
          added.push(index);
        },
        keep: () => undefined,
        failed: () => undefined,
      },
    );
    sut.follow(SAMPLE_RATE, undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(added).toEqual([0, 1, 2, 3, 2, 3]);
  });

  it('leaves a failed server alone until a retry', async () => {
    const silence = new Float32Array(1);
    const asked: number[] = [];
    const added: number[] = [];
    const failures: unknown[] = [];
    const busy = new Error('busy');
    const sut = new Prefetcher(
      source((index) => {
        asked.push(index);
        return asked.length === 1 ? Promise.reject(busy) : Promise.resolve({ left: silence, right: silence });
      }),
      { add: (index) => added.push(index), keep: () => undefined, failed: (error) => failures.push(error) },
    );
    const follow = async (): Promise<void> => {
      sut.follow(0, undefined);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await follow();
    await follow();
    expect([asked, failures]).toEqual([[0], [busy]]);
    sut.retry();
    await follow();
    expect(added.slice(0, 3)).toEqual([0, 1, 2]);
    expect(failures).toEqual([busy]);
  });
});

describe(wantedSegments.name, () => {
  it('puts the start of a loop before what follows its end', () => {
    const loop = { start: 60 * SAMPLE_RATE, end: 66 * SAMPLE_RATE };
    const wanted = wantedSegments(
      source(() => Promise.reject(new Error())),
      64 * SAMPLE_RATE,
      loop,
    );
    expect(wanted.slice(0, 3)).toEqual([21, 22, 20]);
  });
});
