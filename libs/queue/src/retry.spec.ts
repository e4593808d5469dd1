import { describe, expect, it } from '@jest/globals';
import { FAILURE_CODES } from '@app/separations';
import { backoff, MAX_ATTEMPTS, retryDecision } from './retry.js';

const none = (): number => 0;
const most = (): number => 1;

describe(backoff.name, () => {
  it('doubles with each failed attempt, up to 30 s', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 15].map((attempts) => backoff('storage_unavailable', attempts, none));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(backoff('engine_unavailable', 2, none)).toBe(4000);
    expect([1, 2, 9].map((failures) => backoff('out_of_disk', failures, none))).toEqual([60_000, 60_000, 60_000]);
  });

  it('adds up to a quarter at random, and never waits less', () => {
    expect(backoff('storage_unavailable', 1, most)).toBe(1250);
    expect(backoff('storage_unavailable', 15, most)).toBe(37_500);
    const delays = Array.from({ length: 50 }, () => backoff('storage_unavailable', 3));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(4000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5000);
    expect(new Set(delays).size).toBeGreaterThan(1);
  });
});

describe(retryDecision.name, () => {
  it('retries what may pass, and nothing that cannot', () => {
    const attempts = Object.fromEntries(FAILURE_CODES.map((code) => [code, retryDecision(code).attempts]));
    expect(attempts).toEqual({
      undecodable_audio: 1,
      duration_limit: 1,
      not_finite: 1,
      model_not_installed: 1,
      unknown_stem: 1,
      weights_mismatch: 1,
      worker_lost: 1,
      record_damaged: 1,
      out_of_memory: 2,
      out_of_disk: 30,
      ffmpeg_killed: 3,
      engine_hung: 2,
      internal: 2,
      engine_crashed: 3,
      input_missing: 4,
      engine_unavailable: 5,
      storage_unavailable: 15,
    });
    // each code has its own count: only all of them together reach it
    expect(MAX_ATTEMPTS).toBe(58);
  });
});
