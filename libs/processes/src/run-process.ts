import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { drain, feed } from './child-streams.js';
import { HeadAndTail } from './head-and-tail.js';
import { killGroup, signalGroup } from './kill-group.js';
import { LineSplitter } from './lines.js';
import { lowerPriority } from './lower-priority.js';
import { ProcessFailedError, ProcessTimeoutError } from './process.errors.js';
import { limitMemory } from './limit-memory.js';
import { spawnGroup, type Child } from './spawn-group.js';

/** longest line of stderr, in characters */
const MAX_LINE = 4096;

export interface RunProcessOptions {
  /** ends the whole group; the call rejects with the signal's reason */
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
  /** for slow input: the time-out begins when this resolves, not when the process starts */
  readonly timeoutFrom?: Promise<void>;
  /** runs at a lower priority */
  readonly isBackground?: boolean;
  /** piped into the child and destroyed with it; the child may stop reading early */
  readonly stdin?: Readable;
  /** called with each chunk of output; must not block */
  readonly onStdout?: (chunk: Buffer) => void;
  /** alternative to onStdout: a stream, with back-pressure, or an open file descriptor */
  readonly stdout?: Writable | number;
  /** called with each chunk from file descriptor 3, which exists only with this option; must not block */
  readonly onDescriptor3?: (chunk: Buffer) => void;
  /** called with each line of stderr, cut at 4,096 characters; must not block */
  readonly onStderrLine?: (line: string) => void;
  /** how much of stderr to keep, from its start and its end; default 64 KiB */
  readonly maxStderrBytes?: number;
  /** exit codes that count as success; default [0] */
  readonly exitCodes?: readonly number[];
  /** private memory of the child; it cannot have more. Holds where the system has `prlimit` (Linux) */
  readonly maxMemoryBytes?: number;
  readonly cwd?: string;
  /** the child's whole environment: it inherits nothing, to keep secrets out */
  readonly env?: Readonly<Record<string, string>>;
  /** time from SIGTERM to SIGKILL */
  readonly graceMs?: number;
}

export interface ProcessResult {
  readonly code: number;
  readonly stderr: string;
}

/**
 * Runs a command to its end, in its own process group and without a shell. When this settles, all processes of the
 * group have ended and all pipes are closed.
 * @throws ProcessFailedError if it cannot start, or ends with another exit code or by a signal
 * @throws ProcessTimeoutError after `timeoutMs`
 * @throws the error of `stdin` or `stdout` if that stream fails
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: RunProcessOptions,
): Promise<ProcessResult> {
  const stop = new AbortController();
  const fail = (reason: unknown): void => {
    stop.abort(reason);
  };
  const child = await start(command, args, options);
  const killed = endWhenAborted(child, stop.signal, options.graceMs);
  const forget = forward(options.signal, fail);
  const stopTimer = limitTime(options, () => {
    fail(new ProcessTimeoutError(command, options.timeoutMs));
  });
  const stderr = new HeadAndTail(options.maxStderrBytes ?? 64 * 1024);
  const lines = new LineSplitter(MAX_LINE);
  child.on('error', fail);
  await Promise.all([
    closed(child),
    feed(options.stdin, child, stop.signal).catch(fail),
    drain(child.stdout, options.stdout ?? options.onStdout, stop.signal).catch(fail),
    drain(child.stdio[3], options.onDescriptor3, stop.signal).catch(fail),
    drain(
      child.stderr,
      (chunk) => {
        stderr.append(chunk);
        for (const line of lines.push(chunk)) options.onStderrLine?.(line);
      },
      stop.signal,
    ).catch(fail),
  ]);
  stopTimer();
  forget();
  await killed();
  for (const line of lines.end()) options.onStderrLine?.(line);
  stop.signal.throwIfAborted();
  return judge(command, child, stderr.toString(), options.exitCodes ?? [0]);
}

async function start(command: string, args: readonly string[], options: RunProcessOptions): Promise<Child> {
  const { signal, stdin, stdout, onStdout, onDescriptor3 } = options;
  const output =
    typeof stdout === 'number' ? stdout : stdout === undefined && onStdout === undefined ? 'ignore' : 'pipe';
  try {
    signal?.throwIfAborted();
    const stdio: ('pipe' | 'ignore' | number)[] = [stdin ? 'pipe' : 'ignore', output, 'pipe'];
    if (onDescriptor3 !== undefined) stdio.push('pipe');
    const [program, ...all] = limitMemory(options.maxMemoryBytes, command, args);
    const child = spawnGroup(program, all, { ...options, stdio });
    // not awaited once started: a source that fails meanwhile would have no listener
    if (child.pid === undefined) await once(child, 'spawn');
    else if (options.isBackground === true) lowerPriority(child.pid);
    return child;
  } catch (cause) {
    stdin?.destroy();
    if (typeof stdout === 'object') stdout.destroy();
    signal?.throwIfAborted();
    throw new ProcessFailedError(command, null, '', `cannot start: ${String(cause)}`, { cause });
  }
}

/** Resolves when the child has ended and its pipes are closed. Kills the processes it left behind. */
async function closed(child: Child): Promise<void> {
  child.once('exit', () => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  });
  await once(child, 'close');
}

function endWhenAborted(child: Child, stop: AbortSignal, graceMs: number | undefined): () => Promise<void> {
  let ending = Promise.resolve();
  stop.addEventListener('abort', () => {
    if (child.pid !== undefined) ending = killGroup(child.pid, graceMs);
  });
  return () => ending;
}

function limitTime({ timeoutMs, timeoutFrom }: RunProcessOptions, onTimeout: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const begin = (): void => {
    if (!hasEnded) timer = setTimeout(onTimeout, timeoutMs);
  };
  if (timeoutFrom === undefined) begin();
  else void timeoutFrom.then(begin);
  return () => {
    hasEnded = true;
    clearTimeout(timer);
  };
}

function forward(signal: AbortSignal | undefined, fail: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const onAbort = (): void => {
    fail(signal.reason);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  return () => {
    signal.removeEventListener('abort', onAbort);
  };
}

function judge(command: string, child: Child, stderr: string, exitCodes: readonly number[]): ProcessResult {
  const { exitCode, signalCode } = child;
  if (exitCode !== null && exitCodes.includes(exitCode)) return { code: exitCode, stderr };
  const reason = exitCode === null ? `was killed by ${signalCode ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  throw new ProcessFailedError(command, exitCode, stderr, reason, { signal: signalCode ?? undefined });
}
