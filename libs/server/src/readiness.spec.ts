import { describe, expect, it } from '@jest/globals';
import { Readiness } from './readiness.js';

describe(Readiness.name, () => {
  it('gives the reason without the paths of the server', async () => {
    const sut = new Readiness({
      storage: () => Promise.reject(new Error("ENOSPC: no space left on device, open '/srv/data/objects/.probe'")),
    });
    expect(await sut.check()).toEqual({
      status: 'error',
      checks: { storage: { status: 'down', reason: 'ENOSPC: no space left on device, open …' } },
    });
  });
});
