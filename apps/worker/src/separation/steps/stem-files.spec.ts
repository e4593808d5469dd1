import { beforeEach, describe, expect, it } from '@jest/globals';
import { GainChangedError, StemFiles } from './stem-files.js';

const TOTAL = 1000;

describe(StemFiles.name, () => {
  let sut: StemFiles;

  beforeEach(() => {
    sut = new StemFiles('/scratch/stems', ['vocals'], TOTAL);
  });

  it('stops an encoder with an old gain before it can read the last samples', async () => {
    const reading = sut.written.waitBeyond(0, sut.gainChanged);
    sut.update({ writtenSamples: TOTAL, gainDb: -3 });
    await expect(reading).rejects.toBeInstanceOf(GainChangedError);
    expect(sut.gainDb).toBe(-3);
    await expect(sut.written.waitBeyond(0, sut.gainChanged)).resolves.toBe(TOTAL);
  });

  it('stops the next encoders only at the next gain', () => {
    sut.update({ writtenSamples: 1, gainDb: -3 });
    const next = sut.gainChanged;
    expect(next.aborted).toBe(false);
    sut.update({ writtenSamples: 2, gainDb: -4 });
    expect(next.aborted).toBe(true);
  });

  it('does not stop encoders while the gain stays the same', () => {
    const { gainChanged } = sut;
    sut.update({ writtenSamples: 1, gainDb: 0 });
    expect(gainChanged.aborted).toBe(false);
  });
});
