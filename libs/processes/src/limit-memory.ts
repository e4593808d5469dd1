import { existsSync } from 'node:fs';

/** of util-linux, which nearly every Linux system has; macOS cannot limit the memory of a process */
const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) => existsSync(path));

/**
 * The command with a limit on its private memory (RLIMIT_DATA): an allocation above it fails. `prlimit` becomes the
 * command, so its process id stays.
 */
export function limitMemory(
  bytes: number | undefined,
  command: string,
  args: readonly string[],
): readonly [command: string, ...args: string[]] {
  if (bytes === undefined || PRLIMIT === undefined) return [command, ...args];
  return [PRLIMIT, `--data=${bytes}`, '--', command, ...args];
}
