import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

const CLOSE_TIMEOUT_MS = 2000;

/**
 * A small process that cleans up after this one ends, even by SIGKILL: it kills the process groups that still run
 * and removes the folders still in use. It notices by its stdin, which the kernel closes however this
 * process ends.
 */
export class OrphanGuard {
  private constructor(private readonly child: ChildProcessByStdio<Writable, null, null>) {}

  static start(): OrphanGuard {
    const child = spawn(process.execPath, ['-e', `(${guardOrphans.toString()})()`], {
      // its own group: a Ctrl-C at the terminal must not end it before us
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const guard = new OrphanGuard(child);
    // without a guard, the engine still ends by itself and the next start removes old folders
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    child.unref();
    return guard;
  }

  /** Kills the child's group if this process ends first. */
  watchGroup(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.tell(`+${pid}`);
    child.once('exit', () => {
      this.tell(`-${pid}`);
    });
  }

  /** Removes the folder when this process ends. @param path absolute */
  watchFolder(path: string): void {
    this.tell(path);
  }

  /** Cleans up now, then ends the guard. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.pid === undefined) return;
    this.child.ref();
    const exit = once(this.child, 'exit', { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch(() => undefined);
    this.child.stdin.end();
    await exit;
  }

  private tell(line: string): void {
    if (this.child.stdin.writable) this.child.stdin.write(`${line}\n`);
  }
}

let installed: OrphanGuard | undefined;

/** Makes every group of `spawnGroup` end with this process. For main files only: it starts a process. */
export function installOrphanGuard(): OrphanGuard {
  installed ??= OrphanGuard.start();
  return installed;
}

export function watchGroup(child: ChildProcess): void {
  installed?.watchGroup(child);
}

/** Runs from its source text in the guard's process, so it must not use anything outside itself. */
function guardOrphans(): void {
  const groups = new Set<number>();
  const folders = new Set<string>();
  let rest = '';
  const take = (line: string): void => {
    if (line.startsWith('+')) groups.add(Number(line.slice(1)));
    else if (line.startsWith('-')) groups.delete(Number(line.slice(1)));
    else if (line !== '') folders.add(line);
  };
  const end = async (): Promise<void> => {
    for (const group of groups) {
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        groups.delete(group);
      }
    }
    const { rm } = await import('node:fs/promises');
    // a dying group may still write
    for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(take);
  });
  process.stdin.on('close', () => void end());
}
