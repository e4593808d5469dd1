import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SeparationId } from '@app/separations';
import { processStartTime } from './process-start-time.js';
import { Scratch } from './scratch.js';

describe(Scratch.name, () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'scratch-'));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  it('removes only the folders of dead workers, even when their pid is reused', async () => {
    const sut = await Scratch.open(root);
    const job = await sut.create('sep_0' as SeparationId);
    const neighbor = spawn('sleep', ['60']);
    const living = `${hostname()}~${neighbor.pid ?? 0}~${(await processStartTime(neighbor.pid ?? 0)) ?? ''}`;
    const reused = `${hostname()}~${process.pid}~1`;
    const elsewhere = 'other-host~1~1';
    for (const folder of [living, reused, elsewhere]) await mkdir(join(root, folder, 'sep_1-x'), { recursive: true });

    expect(await sut.removeOrphans()).toBe(1);
    expect((await readdir(root)).sort()).toEqual([living, elsewhere, sut.path.slice(root.length + 1)].sort());
    expect(await readdir(sut.path)).toEqual([job.path.slice(sut.path.length + 1)]);

    neighbor.kill('SIGKILL');
    await once(neighbor, 'exit');
    expect(await sut.removeOrphans()).toBe(1);
    await job.remove();
    await sut.close();
    expect(await readdir(root)).toEqual([elsewhere]);
  });
});
