import { describe, expect, it } from '@jest/globals';
import { DurationLimitError, NoAudioError } from '@app/audio';
import { PermanentJobError, RetryableJobError } from '@app/queue';
import { ObjectNotFoundError, StorageUnavailableError } from '@app/storage';
import { EngineFailureError, EngineLostError, EngineUnavailableError } from '../engine/engine.errors.js';
import { toJobError } from './failures.js';
import { SongChangedError, WrongStemsError } from './separation.errors.js';

describe(toJobError.name, () => {
  it.each([
    [new NoAudioError(), PermanentJobError, 'undecodable_audio'],
    [new DurationLimitError(60), PermanentJobError, 'duration_limit'],
    [new ObjectNotFoundError('key'), PermanentJobError, 'input_missing'],
    [new SongChangedError(), PermanentJobError, 'input_missing'],
    [new StorageUnavailableError('away'), RetryableJobError, 'storage_unavailable'],
    [new EngineLostError('engine_hung', 'silent'), RetryableJobError, 'engine_hung'],
    [new EngineUnavailableError('none'), RetryableJobError, 'engine_unavailable'],
    [new EngineFailureError('out_of_memory', 'full'), RetryableJobError, 'out_of_memory'],
    [new EngineFailureError('unknown_stem', 'kazoo'), PermanentJobError, 'unknown_stem'],
    [new WrongStemsError('too short'), RetryableJobError, 'internal'],
  ])('%p', (error, kind, code) => {
    const failure = toJobError(error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure.code).toBe(code);
  });

  it('keeps to itself what nobody foresaw', () => {
    expect(toJobError(new Error("ENOENT '/srv/secret'")).message).toBe('an internal error');
  });
});
