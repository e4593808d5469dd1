import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { moveToBackground } from './background.js';
import { BoundedText } from './bounded-text.js';
import { drain, feed } from './child-streams.js';
import { killGroup, signalGroup } from './kill-group.js';
import { LineSplitter } from './line-splitter.js';
import { ProcessFailedError, ProcessTimeoutError } from './process.error.js';
import { spawnGroup, type Child } from './spawn-group.js';

export interface RunProcessOptions {
  /** ends the whole group; the call then rejects with the signal's reason */
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
  /** where input takes its time to come: the time-out begins when this resolves, and not with the process */
  readonly timeoutFrom?: Promise<void>;
  /** runs behind everything of normal priority */
  readonly isBackground?: boolean;
  /** piped into the child and destroyed with it; a child that stops reading early is no error */
  readonly stdin?: Readable;
  /** called with each piece of output; it must not block */
  readonly onStdout?: (chunk: Buffer) => void;
  /** where the output goes instead: a stream, with back-pressure, or an open file descriptor */
  readonly stdout?: Writable | number;
  /** called with what the child writes to file descriptor 3, which is there only then; it must not block */
  readonly onDescriptor3?: (chunk: Buffer) => void;
  /** called with each line of stderr, cut at 4,096 bytes */
  readonly onStderrLine?: (line: string) => void;
  /** how much of stderr is kept, its start and its end; all of it is drained */
  readonly maxStderrBytes?: number;
  /** exit codes that are no failure, [0] by default */
  readonly exitCodes?: readonly number[];
  readonly cwd?: string;
  /** the whole environment of the child: nothing is inherited, so that no secret is */
  readonly env?: Readonly<Record<string, string>>;
  /** from SIGTERM to SIGKILL when it is ended */
  readonly graceMs?: number;
}

export interface ProcessResult {
  readonly code: number;
  readonly stderr: string;
}

/**
 * Runs a command to its end, without a shell and in a process group of its own; when this settles no process of
 * the group and no pipe is left, whatever happened.
 * @throws ProcessFailedError when it cannot start, or ends with another exit code or by a signal.
 * @throws ProcessTimeoutError after `timeoutMs`.
 * @throws the error of `stdin` or `stdout`, when one of these streams fails.
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
  const stderr = new BoundedText(options.maxStderrBytes ?? 64 * 1024);
  const lines = new LineSplitter(options.onStderrLine);
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
        lines.append(chunk);
      },
      stop.signal,
    ).catch(fail),
  ]);
  stopTimer();
  forget();
  await killed();
  lines.end();
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
    const child = spawnGroup(command, args, { ...options, stdio });
    // not awaited where it started: a source that breaks in the meantime would have no listener
    if (child.pid === undefined) await once(child, 'spawn');
    else if (options.isBackground === true) moveToBackground(child.pid);
    return child;
  } catch (cause) {
    stdin?.destroy();
    if (typeof stdout === 'object') stdout.destroy();
    signal?.throwIfAborted();
    throw new ProcessFailedError(command, null, '', `cannot be started: ${String(cause)}`, { cause });
  }
}

/** Resolves when the child has ended and its pipes are closed; what it started and left behind is killed. */
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
  const reason = exitCode === null ? `was ended by ${signalCode ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  throw new ProcessFailedError(command, exitCode, stderr, reason);
}
