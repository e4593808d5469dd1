import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { keyLine } from '../../../../test/support/service/in-process-api.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { KeyRing } from './key-ring.js';

const AT_ONCE = { checkEveryMs: 0, restMs: 60_000, graceMs: 0 };
const WITH_GRACE = { ...AT_ONCE, graceMs: 60_000 };

describe(KeyRing.name, () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    file = join(folder, 'keys');
    await writeFile(file, keyLine('ann', 'a'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['is removed', () => rm(file)],
    ['becomes a folder', async () => (await rm(file), mkdir(file))],
    ['loses its folder', async () => (await rm(folder, { recursive: true }), writeFile(folder, ''))],
  ])('lets nobody in when the file %s, after a moment', async (_, lose) => {
    const [sut, patient] = [new KeyRing(file, AT_ONCE), new KeyRing(file, WITH_GRACE)];
    await lose();
    expect([sut.nameOf('a'), patient.nameOf('a')]).toEqual([undefined, 'ann']);
    for (const ring of [sut, patient]) {
      expect([ring.isReadable, ring.problem]).toEqual([false, 'API_KEYS_FILE cannot be used: the file cannot be read']);
    }
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  });

  it('counts the grace from the first look that found no file', async () => {
    const sut = new KeyRing(file, { ...AT_ONCE, graceMs: 100 });
    await rm(file);
    expect(sut.nameOf('a')).toBe('ann');
    await waitUntil('the key to be refused', () => sut.nameOf('a') === undefined, { everyMs: 10 });
  });

  it('takes the keys again when the file comes back as it was', async () => {
    const sut = new KeyRing(file, AT_ONCE);
    await rename(file, `${file}.away`);
    expect([sut.nameOf('a'), sut.isReadable]).toEqual([undefined, false]);
    await rename(`${file}.away`, file);
    expect([sut.nameOf('a'), sut.isReadable, sut.problem]).toEqual(['ann', true, undefined]);
  });

  it('keeps its keys while an editor empties the file and writes it again, and not if it stays empty', async () => {
    const sut = new KeyRing(file, AT_ONCE);
    await writeFile(file, '');
    expect(sut.nameOf('a')).toBe('ann');
    await writeFile(file, keyLine('bob', 'b'));
    expect([sut.nameOf('b'), sut.nameOf('b'), sut.nameOf('a')]).toEqual([undefined, 'bob', undefined]);
    await writeFile(file, '');
    expect([sut.nameOf('b'), sut.nameOf('b'), sut.count]).toEqual(['bob', undefined, 0]);
    await writeFile(file, keyLine('ann', 'a'));
    expect([sut.nameOf('a'), sut.nameOf('a')]).toEqual([undefined, 'ann']);
  });

  it('lets nobody in by half of a line, and takes the file when it is whole', async () => {
    const sut = new KeyRing(file, AT_ONCE);
    const [ann, bob] = [keyLine('ann', 'a'), keyLine('bob', 'b')];
    await writeFile(file, `${ann}${bob.slice(0, -20)}`);
    expect([sut.nameOf('a'), sut.nameOf('b')]).toEqual(['ann', undefined]);
    await writeFile(file, `${ann}${bob}`);
    expect([sut.nameOf('b'), sut.nameOf('b'), sut.problem]).toEqual([undefined, 'bob', undefined]);
  });

  it('believes a line that lost its options only at the second look: it is a stronger key', async () => {
    const sut = new KeyRing(file, AT_ONCE);
    const line = keyLine('bob', 'b', 'scopes=read');
    await writeFile(file, line.slice(0, line.indexOf(' ')));
    expect(sut.find('b')).toBeUndefined();
    await writeFile(file, line);
    expect([sut.find('b'), sut.find('b')?.scopes]).toEqual([undefined, ['read']]);
  });

  it('believes a file that nobody touched for some seconds at the first look', async () => {
    const sut = new KeyRing(file, AT_ONCE);
    await writeFile(file, keyLine('bob', 'b'));
    const time = new Date(Date.now() - 90_000);
    await utimes(file, time, time);
    expect(sut.nameOf('a')).toBeUndefined();
  });

  it.each([
    ['has no line', '', 0],
    ['has a wrong line', `ann:secret\n${keyLine('bob', 'b')}`, 1],
  ])('starts with a file that %s', async (_, text, count) => {
    await writeFile(file, text);
    expect(new KeyRing(file).count).toBe(count);
  });

  it('needs no key without a file', () => {
    const sut = new KeyRing(undefined);
    expect([sut.needed, sut.isReadable, sut.nameOf('a')]).toEqual([false, true, undefined]);
  });
});
