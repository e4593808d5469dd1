import { constants } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { DurationLimitError, FfmpegUnavailableError, NoAudioError, NotFiniteError } from '@app/audio';
import { ProcessFailedError } from '@app/processes';
import { PermanentJobError, RetryableJobError } from '@app/queue';
import { InvalidDocumentError, type FailureCode } from '@app/separations';
import { someId } from '../../../../test/support/separations/stored-separations.js';
import { RedisUnavailableError } from '@app/redis';
import { SeparationBusyError } from '@app/separation-store';
import { ObjectNotFoundError, StorageFullError, StorageUnavailableError } from '@app/storage';
import { EngineFailureError, EngineLostError, EngineUnavailableError } from '../engine/engine.errors.js';
import { ENGINE_ERROR_CODES, type EngineErrorCode } from '../engine/protocol.js';
import { failureCode, toJobError } from './failures.js';
import { SongChangedError, WrongStemsError } from './steps/separation.errors.js';

describe(toJobError.name, () => {
  it.each([
    [new NoAudioError(), PermanentJobError, 'undecodable_audio'],
    [new DurationLimitError(60), PermanentJobError, 'duration_limit'],
    [new NotFiniteError(), PermanentJobError, 'not_finite'],
    [new ObjectNotFoundError('key'), RetryableJobError, 'input_missing'],
    [new SongChangedError(), RetryableJobError, 'input_missing'],
    [new StorageUnavailableError('away'), RetryableJobError, 'storage_unavailable'],
    [new SeparationBusyError(someId()), RetryableJobError, 'storage_unavailable'],
    [new RedisUnavailableError(), RetryableJobError, 'storage_unavailable'],
    [new EngineLostError('engine_hung', 'silent'), RetryableJobError, 'engine_hung'],
    [new EngineLostError('engine_crashed', 'gone'), RetryableJobError, 'engine_crashed'],
    [new EngineUnavailableError('none'), RetryableJobError, 'engine_unavailable'],
    [new EngineFailureError('out_of_memory', 'full'), RetryableJobError, 'out_of_memory'],
    [new EngineFailureError('unknown_stem', 'kazoo'), PermanentJobError, 'unknown_stem'],
    [new InvalidDocumentError('request.json', 'no id'), PermanentJobError, 'internal'],
    [new WrongStemsError('too short'), RetryableJobError, 'internal'],
    [new StorageFullError(), RetryableJobError, 'out_of_disk'],
    [new EngineFailureError('out_of_disk', 'full'), RetryableJobError, 'out_of_disk'],
    [Object.assign(new Error('write'), { code: 'ENOSPC' }), RetryableJobError, 'out_of_disk'],
    [
      new Error('outer', { cause: Object.assign(new Error('write'), { code: 'EDQUOT' }) }),
      RetryableJobError,
      'out_of_disk',
    ],
    [new ProcessFailedError('ffmpeg', 256 - constants.errno.ENOSPC, '', ''), RetryableJobError, 'out_of_disk'],
    [
      new FfmpegUnavailableError(new ProcessFailedError('ffmpeg', null, '', 'was killed by SIGKILL')),
      RetryableJobError,
      'ffmpeg_killed',
    ],
    [new ProcessFailedError('ffmpeg', 1, '', ''), RetryableJobError, 'internal'],
  ])('maps %p', (error, kind, code) => {
    const failure = toJobError(error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure.code).toBe(code);
  });

  it('passes on the message of a known failure only', () => {
    expect(toJobError(new DurationLimitError(60)).message).toContain('60 s');
    expect(toJobError(new Error("ENOENT '/srv/secret'")).message).toBe('an internal error');
  });
});

describe('the message of a failure', () => {
  const ofServer =
    "Command '['/opt/venv/bin/python', '-m', 'separation_engine']' failed in /srv/models: run `models get x`";
  const errors = [
    ...ENGINE_ERROR_CODES.map((code) => new EngineFailureError(code, ofServer)),
    new EngineLostError('engine_crashed', ofServer),
    new EngineLostError('engine_hung', ofServer),
    new EngineUnavailableError(ofServer),
    new StorageUnavailableError("ENOSPC: write '/srv/data/objects/x'"),
    new Error(ofServer),
  ];

  it.each(errors.map((error) => [failureCode(error), error] as const))('names no path or command: %s', (_, error) => {
    expect(toJobError(error).message).not.toMatch(/\/|`|Command|python|models get/);
    expect(toJobError(error).cause).toBe(error);
  });
});

describe(failureCode.name, () => {
  it.each<[EngineErrorCode, FailureCode]>([
    ['unknown_model', 'model_not_installed'],
    ['model_not_installed', 'model_not_installed'],
    ['unknown_stem', 'unknown_stem'],
    ['weights_mismatch', 'weights_mismatch'],
    ['not_finite', 'not_finite'],
    ['out_of_memory', 'out_of_memory'],
    ['out_of_disk', 'out_of_disk'],
    ['self_check_failed', 'engine_unavailable'],
    ['device_unavailable', 'engine_unavailable'],
    ['invalid_input', 'internal'],
    ['cancelled', 'internal'],
    ['internal', 'internal'],
  ])('maps %s of the engine to %s', (engineCode, code) => {
    expect(failureCode(new EngineFailureError(engineCode, ''))).toBe(code);
  });
});
