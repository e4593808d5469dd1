import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashFile } from './hash-file.js';

describe(hashFile.name, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hashes-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  const write = async (bytes: Buffer): Promise<string> => {
    const path = join(folder, `${bytes.length}`);
    await writeFile(path, bytes);
    return path;
  };

  it.each([0, 1, 256 * 1024, 700_001])('hashes a file of %i bytes', async (length) => {
    const bytes = Buffer.alloc(length, 'sound');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await hashFile(await write(bytes))).toEqual({ sha256, bytes: length });
  });

  it('throws the code of a file that it cannot open', async () => {
    await expect(hashFile(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('neither holds up other files nor a cancel', async () => {
    const abort = new AbortController();
    const short = await write(Buffer.alloc(1));
    // one for each thread, without an end
    const endless = Array.from({ length: availableParallelism() }, () => hashFile('/dev/zero', abort.signal));
    expect(await hashFile(short)).toMatchObject({ bytes: 1 });
    abort.abort(new Error('canceled'));
    for (const hash of endless) await expect(hash).rejects.toThrow('canceled');
  });
});
