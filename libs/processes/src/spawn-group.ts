import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { watchGroup } from './orphan-guard.js';

export type Child = ChildProcess;

export interface SpawnGroupOptions {
  readonly stdio: StdioOptions;
  readonly cwd?: string;
  /** the whole environment of the child: nothing is inherited, so that no secret is */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a command, without a shell, as the leader of a process group of its own, so that `killGroup(child.pid)`
 * takes its children too. The caller listens for `error` (the command cannot be started) and drains the pipes.
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
