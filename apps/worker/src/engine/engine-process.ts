import type { Readable } from 'node:stream';
import type { EngineConfig } from '@app/config';
import { killGroup, readLines, spawnGroup, type Child } from '@app/processes';
import { EngineProtocolError } from './engine.errors.js';
import { parseEngineMessage } from './parse-message.js';
import { PROTOCOL_VERSION, type EngineCommand, type EngineMessage, type EngineReady } from './protocol.js';
import { Watchdog, type WatchdogLimits } from './watchdog.js';

const MAX_LINE = 1024 * 1024;
const EXIT_GRACE_MS = 5000;

/**
 * Why an engine process ended. `refused`: it cannot run here, and a quick restart will not help.
 * `interrupted`: it was killed to end a cancelled job in time, and is not at fault.
 */
export interface EngineEnd {
  readonly cause: 'crashed' | 'hung' | 'interrupted' | 'refused' | 'stopped';
  readonly message: string;
}

interface EngineListener {
  ready(facts: EngineReady): void;
  message(message: Exclude<EngineMessage, EngineReady>): void;
  log(line: string, stream: 'stdout' | 'stderr'): void;
  /** Called once, when no process of its group is left. */
  ended(end: EngineEnd): void;
}

export interface EngineProcessOptions extends WatchdogLimits {
  /** longest time from start to the first message; after that the watchdog decides */
  readonly firstMessageMs: number;
}

/** One run of the Python child: its process group, pipes, watchdog and end. */
export class EngineProcess {
  private readonly child: Child;
  private readonly watchdog: Watchdog;
  private requestedEnd: EngineEnd | undefined;

  constructor(
    config: EngineConfig,
    private readonly listener: EngineListener,
    private readonly options: EngineProcessOptions,
  ) {
    this.child = spawnGroup(config.python, ['-m', 'separation_engine', 'serve'], {
      env: config.environment,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.watchdog = new Watchdog(options, (message) => {
      this.end({ cause: 'hung', message });
    });
    void this.run();
  }

  /** Drops the line if the pipe is closed: the exit of the process reports why. */
  send(command: EngineCommand): void {
    if (this.child.stdin?.writable === true) this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** Ends the whole group; gives only a `stopped` engine time to exit by itself. */
  end(end: EngineEnd): void {
    if (this.requestedEnd !== undefined) return;
    this.requestedEnd = end;
    if (end.cause === 'stopped') this.send({ type: 'shutdown' });
    if (this.child.pid !== undefined) void killGroup(this.child.pid, end.cause === 'stopped' ? EXIT_GRACE_MS : 0);
  }

  private async run(): Promise<void> {
    const { firstMessageMs } = this.options;
    const firstTimer = setTimeout(() => {
      this.end({ cause: 'hung', message: `the engine sent nothing within ${firstMessageMs / 1000} s of its start` });
    }, firstMessageMs);
    const [exit, refusal] = await Promise.all([
      this.waitForExit(),
      this.readMessages(firstTimer).catch((error: unknown) => {
        // ignores a broken pipe: the exit of the process reports why
        if (error instanceof EngineProtocolError) this.end({ cause: 'crashed', message: error.message });
      }),
      this.forwardLogs(this.child.stdout, 'stdout').catch(() => undefined),
      this.forwardLogs(this.child.stderr, 'stderr').catch(() => undefined),
    ]);
    clearTimeout(firstTimer);
    this.watchdog.stop();
    this.listener.ended(this.requestedEnd ?? refusal ?? exit);
  }

  /** Returns the refusal that the engine sent, if any. */
  private async readMessages(firstTimer: NodeJS.Timeout): Promise<EngineEnd | undefined> {
    let refusal: EngineEnd | undefined;
    const messages = this.child.stdio[3] as Readable;
    const tooLong = (): Error => new EngineProtocolError(`the engine wrote a line longer than ${MAX_LINE} characters`);
    for await (const line of readLines(messages, MAX_LINE, tooLong)) {
      const message = parseEngineMessage(line);
      clearTimeout(firstTimer);
      this.watchdog.seen();
      if (message.type === 'heartbeat') this.watchdog.beat(message);
      if (message.type === 'ready') {
        this.checkProtocol(message);
      } else if (message.type === 'error' && message.id === null) {
        refusal = { cause: 'refused', message: `${message.code}: ${message.message}` };
      } else {
        this.listener.message(message);
      }
    }
    return refusal;
  }

  private checkProtocol(facts: EngineReady): void {
    if (facts.protocol === PROTOCOL_VERSION) {
      this.listener.ready(facts);
      return;
    }
    const message = `the engine speaks protocol ${facts.protocol} instead of ${PROTOCOL_VERSION}`;
    this.end({ cause: 'refused', message });
  }

  private async forwardLogs(source: Readable | null, stream: 'stdout' | 'stderr'): Promise<void> {
    if (source === null) return;
    for await (const line of readLines(source, MAX_LINE)) this.listener.log(line, stream);
  }

  private waitForExit(): Promise<EngineEnd> {
    const { child } = this;
    child.stdin?.on('error', () => undefined);
    return new Promise((resolve) => {
      child.once('error', (error) => {
        resolve({ cause: 'refused', message: `cannot start the engine: ${error.message}` });
      });
      child.once('exit', (code, signal) => {
        // also ends the engine's own children, which hold the pipes open
        if (child.pid !== undefined) void killGroup(child.pid, 0);
        const how = signal === null ? `exited with code ${code ?? 'unknown'}` : `was killed by ${signal}`;
        resolve({ cause: 'crashed', message: `the engine ${how}` });
      });
    });
  }
}
