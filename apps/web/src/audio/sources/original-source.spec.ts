import { describe, expect, it } from '@jest/globals';
import { OriginalSource } from './original-source.js';
import type { Segment, StemSource } from './stem-source.js';

const NEVER = new AbortController().signal;
const SILENCE: Segment = { left: new Float32Array(1), right: new Float32Array(1) };
const SONG: StemSource = { samples: 300, segmentSamples: 100, segment: () => Promise.resolve(SILENCE) };

describe(OriginalSource.name, () => {
  it('opens the song once, on the first read', async () => {
    let openings = 0;
    const sut = new OriginalSource(300, 100, () => {
      openings += 1;
      return Promise.resolve(SONG);
    });
    expect(openings).toBe(0);
    await expect(Promise.all([sut.segment(0, NEVER), sut.segment(1, NEVER)])).resolves.toEqual([SILENCE, SILENCE]);
    expect(openings).toBe(1);
  });

  it('opens the song again after a failure', async () => {
    const busy = new Error('busy');
    const answers = [Promise.reject(busy), Promise.resolve(SONG)];
    const sut = new OriginalSource(300, 100, () => answers.shift() ?? Promise.reject(new Error('opened too often')));
    await expect(sut.segment(0, NEVER)).rejects.toBe(busy);
    await expect(sut.segment(0, NEVER)).resolves.toBe(SILENCE);
    await expect(sut.segment(1, NEVER)).resolves.toBe(SILENCE);
  });

  it('rejects a song that is out of step with its stems', async () => {
    const sut = new OriginalSource(299, 100, () => Promise.resolve(SONG));
    await expect(sut.segment(0, NEVER)).rejects.toThrow('the original has 300 samples, its stems have 299');
  });
});
