import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** an installation that ignores signals while it cleans up */
const INSTALLATION = 'process.on("SIGTERM", () => {}); setTimeout(() => {}, 30_000); console.log(process.pid);';
const SET_UP = `
  import { endRunning, run } from './scripts/support/run.mjs';
  process.on('SIGTERM', () => void endRunning().then(() => process.exit(130)));
  await run(process.execPath, ['-e', ${JSON.stringify(INSTALLATION)}]);
`;

describe('an interrupted set-up', () => {
  it('ends after all its processes are gone', async () => {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const setUp = spawn(process.execPath, ['--input-type=module', '-e', SET_UP], { stdio: [...stdio] });
    const [pid] = (await once(createInterface(setUp.stdout as NodeJS.ReadableStream), 'line')) as [string];
    setUp.kill('SIGTERM');
    expect((await once(setUp, 'exit'))[0]).toBe(130);
    expect(() => process.kill(Number(pid), 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });
});
