import { spawn } from 'node:child_process';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { groupExists, killGroup } from './kill-group.js';
import { OrphanGuard } from './orphan-guard.js';

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition stayed false');
    await delay(20);
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

describe(OrphanGuard.name, () => {
  it('kills the remaining groups, grandchildren included, and removes the remaining folders on close', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guard-'));
    const sut = OrphanGuard.start();
    const child = spawn('sh', ['-c', `sleep 60 & echo $! > ${folder}/grandchild; wait`], {
      detached: true,
      stdio: 'ignore',
    });
    const pid = Number(child.pid);
    sut.watchGroup(child);
    sut.watchFolder(folder);
    let grandchild = 0;
    await until(async () => {
      grandchild = Number(await readFile(join(folder, 'grandchild'), 'utf8').catch(() => ''));
      return grandchild > 0;
    });

    await sut.close();

    await until(() => !groupExists(pid));
    expect(() => process.kill(grandchild, 0)).toThrow('ESRCH');
    await until(async () => !(await exists(folder)));
  });

  it('ignores a group that ended by itself', async () => {
    const sut = OrphanGuard.start();
    const child = spawn('true', { detached: true, stdio: 'ignore' });
    sut.watchGroup(child);
    await until(() => child.exitCode !== null);
    const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    await sut.close();
    expect(groupExists(Number(bystander.pid))).toBe(true);
    await killGroup(Number(bystander.pid), 0);
  });
});
