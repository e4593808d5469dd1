import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SeparationId } from '@app/separations';
import { processStart } from './process-start.js';
import { Scratch } from './scratch.js';

describe(Scratch.name, () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'scratch-'));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  it('removes what dead workers left, also where their process id is in use again, and nothing else', async () => {
    const sut = await Scratch.open(root);
    const job = await sut.create('sep_0' as SeparationId);
    const neighbour = spawn('sleep', ['60']);
    const living = `${hostname()}~${neighbour.pid ?? 0}~${(await processStart(neighbour.pid ?? 0)) ?? ''}`;
    const reused = `${hostname()}~${process.pid}~1`;
    const elsewhere = 'other-host~1~1';
    for (const folder of [living, reused, elsewhere]) await mkdir(join(root, folder, 'sep_1-x'), { recursive: true });

    expect(await sut.removeOrphans()).toBe(1);
    expect((await readdir(root)).sort()).toEqual([living, elsewhere, sut.path.slice(root.length + 1)].sort());
    expect(await readdir(sut.path)).toEqual([job.path.slice(sut.path.length + 1)]);

    neighbour.kill('SIGKILL');
    await once(neighbour, 'exit');
    expect(await sut.removeOrphans()).toBe(1);
    await job.remove();
    await sut.close();
    expect(await readdir(root)).toEqual([elsewhere]);
  });
});
