import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SCOPES } from '@app/separations';
import { ApiKeys } from '../apps/api/src/access/api-keys.js';

describe('scripts/keys.mjs', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keys-'));
    file = join(folder, 'keys.txt');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function keys(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/keys.mjs', ...args, '--file', file]);
    return stdout.trim();
  }

  async function refusal(...args: readonly string[]): Promise<string> {
    const { code, stderr } = (await keys(...args).catch((error: unknown) => error)) as { code: number; stderr: string };
    expect(code).toBe(1);
    return stderr;
  }

  const parsed = async (): Promise<ApiKeys> => ApiKeys.parse(await readFile(file, 'utf8'));

  it('adds keys that the server reads, and stores no key', async () => {
    const ann = await keys('add', 'ann');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const options = ['--scopes', 'read,admin', '--weight', '3', '--expires', '2999-12-31'];
    const bob = await keys('add', 'bob', ...options);
    const read = await parsed();
    expect(read.problem).toBeUndefined();
    expect(read.find(ann)).toEqual({ name: 'ann', scopes: ['read', 'separate', 'delete'], weight: 1 });
    const expiresAt = Date.UTC(3000, 0, 1);
    expect(read.find(bob)).toEqual({ name: 'bob', scopes: ['read', 'admin'], weight: 3, expiresAt });
    expect(await readFile(file, 'utf8')).not.toMatch(new RegExp(`${ann}|${bob}`));
    expect(await keys('list')).toMatch(
      /^ann {2}\w{8}\nbob {2}\w{8} {2}scopes=read,admin {2}weight=3 {2}expires=2999-12-31$/,
    );
  });

  it('counts days from today', async () => {
    const key = await keys('add', 'ann', '--expires', '30d');
    const days = (((await parsed()).find(key)?.expiresAt ?? 0) - Date.now()) / (24 * 3600 * 1000);
    expect(days).toBeGreaterThan(30);
    expect(days).toBeLessThanOrEqual(31);
  });

  it('takes a time in UTC', async () => {
    const key = await keys('add', 'ann', '--expires', '2999-01-31T18:00Z');
    expect((await parsed()).find(key)?.expiresAt).toBe(Date.UTC(2999, 0, 31, 18));
  });

  it('adds to a file whose last line has no end, and keeps what it does not know', async () => {
    await writeFile(file, '# people\nold line');
    const key = await keys('add', 'ann');
    expect(await readFile(file, 'utf8')).toMatch(/^# people\nold line\nann:/);
    expect((await parsed()).find(key)?.name).toBe('ann');
  });

  it('revokes all keys of a name, or the one with a hash, in the same file', async () => {
    const [first, second] = [await keys('add', 'ann'), await keys('add', 'ann')];
    const [other] = [await keys('add', 'anna')];
    const { ino } = await stat(file);
    const hash = /ann {2}(\w{8})/.exec(await keys('list'))?.[1] ?? '';
    await keys('revoke', 'ann', '--hash', hash);
    expect([(await parsed()).find(first), (await parsed()).find(second)?.name]).toEqual([undefined, 'ann']);
    await keys('revoke', 'ann');
    expect([(await parsed()).find(second), (await parsed()).find(other)?.name]).toEqual([undefined, 'anna']);
    expect((await stat(file)).ino).toBe(ino);
    expect(await refusal('revoke', 'ann')).toContain('There is no key of ann');
  });

  it('keeps what runs at the same time write, and takes over a lock that was left behind', async () => {
    const names = ['ann', 'bob', 'cid', 'dan'];
    // long, so that reading and writing it takes a while
    const lines = names.map((name) => `${name}:${'0'.repeat(64)}\n`);
    await writeFile(file, `${lines.join('')}${'# people\n'.repeat(300_000)}`);
    await writeFile(`${file}.lock`, '');
    await utimes(`${file}.lock`, new Date(0), new Date(0));
    await Promise.all([...names.map((name) => keys('revoke', name)), keys('add', 'eve')]);
    expect(await keys('list')).toMatch(/^eve {2}\w{8}$/);
    expect(await readdir(folder)).toEqual(['keys.txt']);
  });

  it.each([
    [['add', 'an n'], '"an n" is no name'],
    [['add', 'ann', '--scopes', 'read,write'], `There is no scope "write". Allowed: ${SCOPES.join(', ')}.`],
    [['add', 'ann', '--weight', '11'], '--weight must be a whole number from 1 to 10'],
    [['add', 'ann', '--expires', '2020-01-01'], '--expires 2020-01-01 is over'],
    [['add', 'ann', '--expires', '2020-01-01T18:00Z'], '--expires 2020-01-01T18:00Z is over'],
    [['add', 'ann', '--expires', 'soon'], '--expires must be a day'],
    [['add', 'ann', '--expires', '2027-02-31'], '--expires must be a day'],
    [['add', 'ann', '--expires', '2027-02-31T18:00Z'], '--expires must be a day'],
    [['add', 'ann', '--expires', '2999-01-31T18:00'], '--expires must be a day'],
    [['add', 'ann', '--hash', '0123'], '"add" does not take --hash'],
    [['revoke', 'ann', '--scopes', 'read'], '"revoke" does not take --scopes'],
    [['list', '--weight', '1'], '"list" does not take --weight'],
    [['list', 'ann'], 'npm run keys -- add NAME'],
    [['add'], 'npm run keys -- add NAME'],
    [['remove', 'ann'], 'npm run keys -- add NAME'],
  ])('refuses %j and says why', async (args, reason) => {
    expect(await refusal(...args)).toContain(reason);
  });
});
