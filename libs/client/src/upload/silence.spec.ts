import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConnectionError } from '../errors.js';
import { Silence } from './silence.js';

const MINUTE_MS = 60_000;

describe(Silence.name, () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('aborts a minute after the last byte', () => {
    const sut = new Silence(undefined);
    jest.advanceTimersByTime(MINUTE_MS - 1);
    sut.break();
    jest.advanceTimersByTime(MINUTE_MS - 1);
    expect(sut.signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(sut.signal.reason).toBeInstanceOf(ConnectionError);
  });

  it('aborts with the caller, and not after its end', () => {
    const caller = new AbortController();
    const sut = new Silence(caller.signal);
    sut.end();
    jest.advanceTimersByTime(2 * MINUTE_MS);
    expect(sut.signal.aborted).toBe(false);
    caller.abort(new Error('stopped'));
    expect(sut.signal.reason).toEqual(new Error('stopped'));
  });
});
