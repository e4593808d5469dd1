import { chmod, rename, writeFile } from 'node:fs/promises';

/** Makes or replaces a program: a shell script, whole from its first moment. */
export async function writeProgram(path: string, script: string): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, `#!/bin/sh\n${script}\n`);
  await chmod(temporary, 0o755);
  await rename(temporary, path);
}

/** the script of a program that is another one */
export function passingTo(program: string): string {
  return `exec '${program}' "$@"`;
}
