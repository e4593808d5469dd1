import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { watchGroup } from './orphan-guard.js';

export type Child = ChildProcess;

export interface SpawnGroupOptions {
  readonly stdio: StdioOptions;
  readonly cwd?: string;
  /** the child's whole environment: it inherits nothing, to keep secrets out */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a command without a shell, as the leader of its own process group: `killGroup(child.pid)` ends its children
 * too. The caller listens for `error` (the command cannot start) and drains the pipes.
 */
export function spawnGroup(command: string, args: readonly string[], options: SpawnGroupOptions): Child {
  const { stdio, cwd, env = {} } = options;
  const child = spawn(command, args, {
    stdio,
    env,
    detached: true,
    shell: false,
    ...(cwd === undefined ? {} : { cwd }),
  });
  watchGroup(child);
  return child;
}
