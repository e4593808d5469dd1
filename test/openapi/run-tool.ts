import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** of the engine's environment, whose `dev` profile holds the tools */
const PYTHON = resolve('engine', '.venv', 'bin', 'python');

interface Tool {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs a command as a developer would, and returns what it printed. @throws with that if it fails */
export async function runTool(
  command: string,
  args: readonly string[],
  { cwd, env, timeoutMs }: Tool,
): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, HOME, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs ?? 60_000,
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => printed.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  const output = Buffer.concat(printed).toString();
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`);
  return output;
}

/** Runs a Python script, or a module after `-m`. A launcher would name the folder where the environment was made. */
export function runPython(args: readonly string[], tool: Tool): Promise<string> {
  return runTool(PYTHON, args, tool);
}
