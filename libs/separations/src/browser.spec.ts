import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

interface Bundle {
  readonly modules: readonly string[];
  readonly length: number;
}

/** in a process of its own: jest cannot load vite */
const BUILD = `
  import { build } from 'vite';
  const [input] = process.argv.slice(1);
  const { output } = await build({
    configFile: 'apps/web/vite.config.ts',
    logLevel: 'error',
    build: { write: false, rollupOptions: { input } },
  });
  console.log(JSON.stringify({ modules: Object.keys(output[0].modules), length: output[0].code.length }));
`;

describe('the contract in a browser', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function bundle(name: string, script: string): Promise<Bundle> {
    const file = join(folder, name);
    await writeFile(file, script);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', BUILD, file]);
    return JSON.parse(stdout) as Bundle;
  }

  it('is bundled by vite, with zod as its only dependency', async () => {
    const { modules } = await bundle('all.js', `import * as all from '@app/separations'; console.log({ ...all });`);
    const others = modules.filter((id) => !/\/libs\/separations\/src\/|\/node_modules\/zod\/|\/all\.js$/.test(id));
    expect(others).toEqual([]);
    expect(modules.some((id) => id.includes('/zod/'))).toBe(true);
  });

  it('costs the page no schema when it uses only names and lists', async () => {
    const script = `
      import * as all from '@app/separations';
      const { CONTAINERS, FAILURE_CODES, FORMATS, KNOWN_MODELS, PROBLEMS, STATUSES, isTerminal, sortStems } = all;
      console.log(CONTAINERS, FAILURE_CODES, FORMATS, KNOWN_MODELS, PROBLEMS, STATUSES, isTerminal, sortStems);
    `;
    const { modules, length } = await bundle('names.js', script);
    expect(modules.filter((id) => id.includes('/zod/'))).toEqual([]);
    expect(length).toBeLessThan(12_000);
  });
});
