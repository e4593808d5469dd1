import { beforeEach, describe, expect, it } from '@jest/globals';
import { signal } from '@preact/signals';
import { LightChoice, type SoundQuality } from './light-choice.js';
import { Line } from './line.js';

/** bytes per second: 4.7 Mbit/s */
const MASTERS = 590_000;

describe(LightChoice.name, () => {
  const quality = signal<SoundQuality>('auto');
  let line: Line;
  let time: number;

  beforeEach(() => {
    quality.value = 'auto';
    line = new Line();
    time = 0;
  });

  const open = (demand = (): number => MASTERS, savesData = false): LightChoice => {
    const sut = new LightChoice({ line, quality, savesData, now: () => time });
    sut.open(demand);
    return sut;
  };

  it('plays the masters until the line is known, and then as the line allows', () => {
    const sut = open();
    expect(sut.isLight.value).toBe(false);
    const { abandoned } = sut;
    line.speed.value = 200_000;
    expect([sut.isLight.value, abandoned.aborted]).toEqual([true, true]);
    // a line that was too slow must be fast for a while
    time = 9000;
    line.speed.value = 2 * MASTERS;
    expect(sut.isLight.value).toBe(true);
    time = 11_000;
    line.speed.value = 1.9 * MASTERS;
    expect(sut.isLight.value).toBe(true);
    line.speed.value = 2.1 * MASTERS;
    expect([sut.isLight.value, sut.abandoned.aborted]).toEqual([false, false]);
    line.speed.value = 1.3 * MASTERS;
    expect(sut.isLight.value).toBe(false);
    sut.close();
    line.speed.value = 1;
    expect(sut.isLight.value).toBe(false);
  });

  it('needs less of the line for fewer lanes', () => {
    line.speed.value = 200_000;
    const lanes = signal(4);
    const sut = open(() => (lanes.value * MASTERS) / 4);
    expect(sut.isLight.value).toBe(true);
    lanes.value = 0;
    time = 20_000;
    line.speed.value = 200_001;
    expect(sut.isLight.value).toBe(false);
  });

  it('obeys the listener, and a browser that saves data', () => {
    const sut = open(undefined, true);
    expect(sut.isLight.value).toBe(true);
    quality.value = 'full';
    line.speed.value = 1;
    expect(sut.isLight.value).toBe(false);
    quality.value = 'light';
    line.speed.value = 100 * MASTERS;
    expect(sut.isLight.value).toBe(true);
  });
});

describe(Line.name, () => {
  /** a body that comes in parts, each so many milliseconds after the one before */
  const answer = (
    parts: readonly (readonly [bytes: number, afterMs: number])[],
    advance: (ms: number) => void,
  ): Response => {
    const left = [...parts];
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      const [bytes, ms] = left.shift() ?? [0, 0];
      if (bytes === 0) controller.close();
      else {
        advance(ms);
        controller.enqueue(new Uint8Array(bytes));
      }
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  };

  it('measures the time in which bytes come, but not the pauses of a busy page', async () => {
    let time = 0;
    const sut = new Line(() => time);
    const advance = (ms: number): void => {
      time += ms;
    };
    const slow = Array.from({ length: 10 }, () => [10_000, 50] as const);
    expect((await sut.read(answer(slow, advance))).length).toBe(100_000);
    expect(sut.speed.value).toBe(200_000);
    // nothing was on its way
    time += 60_000;
    await sut.read(answer([[50_000, 250]], advance));
    expect(sut.speed.value).toBe(200_000);
    // a page that did nothing for a minute says nothing of the line
    await sut.read(answer([[50_000, 60_000]], advance));
    expect(sut.speed.value).toBe(200_000);
  });

  it('forgets a slow time soon', async () => {
    let time = 0;
    const sut = new Line(() => time);
    const advance = (ms: number): void => {
      time += ms;
    };
    await sut.read(
      answer(
        Array.from({ length: 40 }, () => [10_000, 100]),
        advance,
      ),
    );
    expect(sut.speed.value).toBeCloseTo(100_000, -3);
    await sut.read(
      answer(
        Array.from({ length: 60 }, () => [50_000, 1]),
        advance,
      ),
    );
    expect(sut.speed.value).toBeGreaterThan(1_500_000);
  });
});
