import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from '@jest/globals';
import { runPython } from '../openapi/run-tool.js';

it('keeps the key and the files of the user from a hostile server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'python-client-'));
  const env = { PYTHONPATH: resolve('clients', 'python', 'src'), PYTHONDONTWRITEBYTECODE: '1' };
  const script = resolve('test', 'client', 'python_hostile_server.py');
  expect(await runPython([script, folder], { cwd: folder, env })).toBe('');
  await rm(folder, { recursive: true });
});
