import { describe, expect, it } from '@jest/globals';
import type { JobProgress } from '@app/queue';
import { ProgressReporter } from './progress-reporter.js';

describe(ProgressReporter.name, () => {
  const reports: JobProgress[] = [];
  const sut = new ProgressReporter((progress) => {
    reports.push(progress);
    return Promise.resolve();
  });

  it('publishes each stage and steps of 1 %, and never less than before', () => {
    sut.report('fetch', 1, 2);
    sut.report('separate', 50, 100);
    sut.report('separate', 50.1, 100);
    sut.report('separate', 60, 100);
    sut.report('separate', 10, 100);
    sut.report('store', 1, 1);
    expect(reports).toEqual([
      { percent: 0.5, stage: 'fetch' },
      { percent: 50, stage: 'separate' },
      { percent: 59.4, stage: 'separate' },
      { percent: 100, stage: 'store' },
    ]);
  });
});
