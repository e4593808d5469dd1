import { describe, expect, it } from '@jest/globals';
import { InvalidJobError } from './queue.errors.js';
import { parseJobProgress, parseSeparationJob, parseStoredJob } from './separation-job.js';

const JOB = {
  id: 'sep_b9bbd60c5f545ba3dfb445126fd92a3d',
  requestId: 'one',
  model: 'demo',
  durationSeconds: 183.4,
  createdAt: '2026-11-23T05:12:17.000Z',
};

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe(parseSeparationJob.name, () => {
  it('keeps the trace that a job belongs to', () => {
    expect(parseSeparationJob({ ...JOB, traceparent: TRACEPARENT })).toEqual({ ...JOB, traceparent: TRACEPARENT });
  });

  it('takes a job, and drops what a later version adds', () => {
    expect(parseSeparationJob({ ...JOB, priority: 1 })).toEqual(JOB);
    expect(parseStoredJob(JSON.stringify(JOB))).toEqual(JOB);
  });

  it.each([
    ['id', 'sep_1'],
    ['requestId', ''],
    ['model', ''],
    ['durationSeconds', Number.POSITIVE_INFINITY],
    ['durationSeconds', -1],
    ['createdAt', 'yesterday'],
    ['traceparent', 'song.mp3'],
    ...Object.keys(JOB).map((field) => [field, undefined] as const),
  ])('refuses the %s %p, and names the field', (field, value) => {
    const job = { ...JOB, [field]: value };
    expect(() => parseSeparationJob(job)).toThrow(InvalidJobError);
    expect(() => parseSeparationJob(job)).toThrow(`job: ${field}: `);
    expect(parseStoredJob(JSON.stringify(job))).toBeUndefined();
  });

  it.each([null, 'text', '{', 7, undefined])('refuses %p', (value) => {
    expect(() => parseSeparationJob(value)).toThrow(InvalidJobError);
    expect(parseStoredJob(value)).toBeUndefined();
  });
});

describe(parseJobProgress.name, () => {
  it.each([
    { percent: 0, stage: 'queued' },
    { percent: 42.5, stage: 'separate' },
    { percent: 100, stage: 'done' },
  ])('takes %j', (progress) => {
    expect(parseJobProgress(progress)).toEqual(progress);
  });

  it.each([
    undefined,
    7,
    { percent: 101, stage: 'store' },
    { percent: -1, stage: 'store' },
    { percent: 3, stage: 'x' },
  ])('begins at 0 for %j', (progress) => {
    expect(parseJobProgress(progress)).toEqual({ percent: 0, stage: 'queued' });
  });
});
