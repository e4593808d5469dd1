import { constants } from 'node:os';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { ProcessFailedError } from '@app/processes';
import { inFolder } from './folder/folder-failure.js';
import { isOutOfDisk } from './out-of-disk.js';
import { asStorageError } from './s3/s3-failure.js';
import { StorageFullError, StorageUnavailableError } from './storage.errors.js';

const full = Object.assign(new Error('write'), { code: 'ENOSPC' });

describe(isOutOfDisk.name, () => {
  it.each([
    [full, true],
    [new Error('outer', { cause: new Error('inner', { cause: full }) }), true],
    [new ProcessFailedError('ffmpeg', 256 - constants.errno.ENOSPC, '', ''), true],
    [new ProcessFailedError('ffmpeg', 256 - constants.errno.EIO, '', ''), false],
    [new StorageFullError(), true],
    [new StorageUnavailableError('EIO'), false],
    ['ENOSPC', false],
  ])('%p: %p', (error, expected) => {
    expect(isOutOfDisk(error)).toBe(expected);
  });

  it('knows a full disk of the folder store', async () => {
    const write = inFolder(undefined, () => writeFile('/dev/full', 'a song'));
    await expect(write).rejects.toBeInstanceOf(StorageFullError);
  });

  it.each(['XMinioStorageFull', 'InsufficientStorage'])('knows %s of an S3 store', (code) => {
    expect(asStorageError(Object.assign(new Error('no space'), { code }))).toBeInstanceOf(StorageFullError);
  });
});
