import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

const CLOSE_TIMEOUT_MS = 2000;

/**
 * A small process that outlives this one by a moment: when this process is gone, however it ended (kill -9 too), it
 * ends every process group that was still running and removes every folder that was still in use.
 * It learns of the end from its stdin, the one thing that the kernel closes for the dead on every system.
 */
export class OrphanGuard {
  private constructor(private readonly child: ChildProcessByStdio<Writable, null, null>) {}

  static start(): OrphanGuard {
    const child = spawn(process.execPath, ['-e', `(${guardOrphans.toString()})()`], {
      // a group of its own: a Ctrl-C at the terminal must not end it before us
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const guard = new OrphanGuard(child);
    // without it the engine still ends by itself, and the next start removes what is left
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    child.unref();
    return guard;
  }

  /** The group is ended with this process, until it has ended by itself. */
  watchGroup(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.tell(`+${pid}`);
    child.once('exit', () => {
      this.tell(`-${pid}`);
    });
  }

  /** @param path absolute */
  watchFolder(path: string): void {
    this.tell(path);
  }

  /** Ends what it watches, and then itself. */
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

/** From now on every group of `spawnGroup` ends with this process. For main files: it starts a process. */
export function installOrphanGuard(): OrphanGuard {
  installed ??= OrphanGuard.start();
  return installed;
}

export function watchGroup(child: ChildProcess): void {
  installed?.watchGroup(child);
}

/** Runs alone, by its source text, in the guard's process: it may use nothing from outside of itself. */
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
    // a group that is just dying may still write
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
