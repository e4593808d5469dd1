import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Ffmpeg } from '@app/audio';
import { StorageFullError, StorageUnavailableError } from '@app/storage';
import { toProblem } from './to-problem.js';

describe(toProblem.name, () => {
  it.each([
    [new StorageFullError(), 507, 'out_of_disk'],
    [Object.assign(new Error("ENOSPC: '/srv/data'"), { code: 'ENOSPC' }), 507, 'out_of_disk'],
    [new StorageUnavailableError('ECONNREFUSED'), 503, 'storage_unavailable'],
  ])('answers %p with %p %p, and no path', (error, status, code) => {
    const problem = toProblem(error);
    expect(problem).toMatchObject({ status, code, headers: { 'Retry-After': expect.any(String) } });
    expect(problem.detail).not.toContain('/');
  });

  it('has a code for a folder of temporary files that cannot be used', async () => {
    const sut = new Ffmpeg('/no/such/ffmpeg', '/dev/null/scratch');
    const master = { stream: Readable.from([]), samples: 1 };
    const error: unknown = await sut
      .transcode(master, 'mp3', () => Promise.resolve())
      .catch((reason: unknown) => reason);
    const detail = 'The server cannot write temporary files; try again later.';
    expect(toProblem(error)).toMatchObject({ status: 507, code: 'out_of_disk', detail });
  });
});
