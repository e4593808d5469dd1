import { describe, expect, it } from '@jest/globals';
import type { JobProgress } from '@app/queue';
import { ProgressMeter } from './progress-meter.js';

describe(ProgressMeter.name, () => {
  const reports: JobProgress[] = [];
  const sut = new ProgressMeter((progress) => {
    reports.push(progress);
    return Promise.resolve();
  });

  it('reports each stage, whole percents, and never less than before', () => {
    sut.measured('fetch', 1, 2);
    sut.measured('separate', 50, 100);
    sut.measured('separate', 50.1, 100);
    sut.measured('separate', 60, 100);
    sut.measured('separate', 10, 100);
    sut.measured('store', 1, 1);
    expect(reports).toEqual([
      { percent: 0.5, stage: 'fetch' },
      { percent: 50, stage: 'separate' },
      { percent: 59.4, stage: 'separate' },
      { percent: 100, stage: 'store' },
    ]);
  });
});
