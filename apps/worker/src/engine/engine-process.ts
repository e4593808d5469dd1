import type { Readable } from 'node:stream';
import type { EngineConfig } from '@app/config';
import { killGroup, readLines, spawnGroup, type Child } from '@app/processes';
import { EngineProtocolError } from './engine.errors.js';
import { Heartbeats } from './heartbeats.js';
import { parseEngineMessage } from './parse-message.js';
import { PROTOCOL_VERSION, type EngineCommand, type EngineMessage, type EngineReady } from './protocol.js';

const MAX_LINE = 1024 * 1024;
const EXIT_GRACE_MS = 5000;

/** Why an engine process ended. `refused`: it cannot work here, and starting it again will not help soon. */
export interface EngineEnd {
  readonly cause: 'crashed' | 'hung' | 'refused' | 'stopped';
  readonly message: string;
}

export interface EngineListener {
  ready(facts: EngineReady): void;
  message(message: Exclude<EngineMessage, EngineReady>): void;
  log(line: string, stream: 'stdout' | 'stderr'): void;
  /** Said once; no process of its group is left. */
  ended(end: EngineEnd): void;
}

export interface EngineProcessOptions {
  /** longest time from the start to the ready line */
  readonly readyMs: number;
  /** longest silence once it has spoken */
  readonly silenceMs: number;
}

/** One life of the Python child: its group, its pipes, its heartbeats, its end. */
export class EngineProcess {
  private readonly child: Child;
  private readonly heartbeats: Heartbeats;
  private why: EngineEnd | undefined;

  constructor(
    config: EngineConfig,
    private readonly listener: EngineListener,
    private readonly options: EngineProcessOptions,
  ) {
    this.child = spawnGroup(config.python, ['-m', 'separation_engine', 'serve'], {
      env: config.environment,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.heartbeats = new Heartbeats(options.silenceMs, (message) => {
      this.end({ cause: 'hung', message });
    });
    void this.live();
  }

  /** A line that cannot be written any more is no error: the end of the process tells its story. */
  send(command: EngineCommand): void {
    if (this.child.stdin?.writable === true) this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** Ends the whole group; one that hangs gets no time to do it itself. */
  end(end: EngineEnd): void {
    if (this.why !== undefined) return;
    this.why = end;
    if (end.cause === 'stopped') this.send({ type: 'shutdown' });
    if (this.child.pid !== undefined) void killGroup(this.child.pid, end.cause === 'stopped' ? EXIT_GRACE_MS : 0);
  }

  private async live(): Promise<void> {
    const late = setTimeout(() => {
      this.end({ cause: 'hung', message: `the engine was not ready within ${this.options.readyMs / 1000} s` });
    }, this.options.readyMs);
    const [exit, refusal] = await Promise.all([
      this.untilExit(),
      this.readAnswers(late).catch((error: unknown) => {
        // a pipe that breaks is no news: the exit tells what happened
        if (error instanceof EngineProtocolError) this.end({ cause: 'crashed', message: error.message });
      }),
      this.forwardLogs(this.child.stdout, 'stdout').catch(() => undefined),
      this.forwardLogs(this.child.stderr, 'stderr').catch(() => undefined),
    ]);
    clearTimeout(late);
    this.heartbeats.stop();
    this.listener.ended(this.why ?? refusal ?? exit);
  }

  /** Gives the end that the engine itself announced, if it did. */
  private async readAnswers(late: NodeJS.Timeout): Promise<EngineEnd | undefined> {
    let refusal: EngineEnd | undefined;
    const answers = this.child.stdio[3] as Readable;
    const tooLong = (): Error => new EngineProtocolError(`the engine wrote a line longer than ${MAX_LINE} characters`);
    for await (const line of readLines(answers, MAX_LINE, tooLong)) {
      const message = parseEngineMessage(line);
      this.heartbeats.seen();
      if (message.type === 'ready') {
        clearTimeout(late);
        this.welcome(message);
      } else if (message.type === 'error' && message.id === null) {
        refusal = { cause: 'refused', message: `${message.code}: ${message.message}` };
      } else {
        this.listener.message(message);
      }
    }
    return refusal;
  }

  private welcome(facts: EngineReady): void {
    if (facts.protocol === PROTOCOL_VERSION) {
      this.listener.ready(facts);
      return;
    }
    const spoken = `it speaks protocol ${facts.protocol}, this worker ${PROTOCOL_VERSION}`;
    this.end({ cause: 'refused', message: `the engine does not fit: ${spoken}` });
  }

  private async forwardLogs(source: Readable | null, stream: 'stdout' | 'stderr'): Promise<void> {
    if (source === null) return;
    for await (const line of readLines(source, MAX_LINE)) this.listener.log(line, stream);
  }

  private untilExit(): Promise<EngineEnd> {
    const { child } = this;
    child.stdin?.on('error', () => undefined);
    return new Promise((resolve) => {
      child.once('error', (error) => {
        resolve({ cause: 'refused', message: `the engine cannot be started: ${error.message}` });
      });
      child.once('exit', (code, signal) => {
        // what the engine started and did not end goes with it, and with that its ends of the pipes
        if (child.pid !== undefined) void killGroup(child.pid, 0);
        const how = signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`;
        resolve({ cause: 'crashed', message: `the engine ended ${how}` });
      });
    });
  }
}
