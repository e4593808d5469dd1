import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../random.js';
import { answerError, bodyLength, concerns, type StoreFault } from './s3-faults.js';

interface ActiveFault {
  readonly kind: StoreFault;
  /** of the calls that it concerns, from 0 to 1 */
  readonly share: number;
}

/** The way of one server to the S3 server. Calls pass as they are, signature and all, until a fault is set. */
export class S3Proxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #held = new Set<IncomingMessage>();
  readonly #hits = new Map<StoreFault, number>();
  #fault: ActiveFault | undefined;
  #ageMs = 0;

  private constructor(
    private readonly listener: Server,
    private readonly target: URL,
    private readonly random: Random,
  ) {
    listener.on('request', (call, answer) => {
      this.#serve(call, answer);
    });
  }

  static async start(target: URL, random: Random): Promise<S3Proxy> {
    const listener = createServer().listen(0, '127.0.0.1');
    const proxy = new S3Proxy(listener, target, random);
    await once(listener, 'listening');
    return proxy;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`);
  }

  /** calls that each fault has hit */
  get hits(): ReadonlyMap<StoreFault, number> {
    return this.#hits;
  }

  set(fault: ActiveFault): void {
    this.#fault = fault;
  }

  pass(): void {
    this.#fault = undefined;
    for (const call of this.#held) call.socket.destroy();
    this.#held.clear();
  }

  /** Makes everything that the store lists look older. The sweeps of the service go by that age. */
  age(milliseconds: number): void {
    this.#ageMs = milliseconds;
  }

  async close(): Promise<void> {
    this.pass();
    const closed = once(this.listener.close(), 'close');
    this.listener.closeAllConnections();
    await closed;
    this.#agent.destroy();
  }

  #serve(call: IncomingMessage, answer: ServerResponse): void {
    // a server that was killed or gave up
    for (const end of [call, answer]) end.on('error', () => undefined);
    const fault = this.#fault;
    if (fault === undefined || !concerns(fault.kind, call) || !this.random.chance(fault.share)) {
      this.#forward(call, answer);
      return;
    }
    this.#hits.set(fault.kind, (this.#hits.get(fault.kind) ?? 0) + 1);
    this.#spoil(fault.kind, call, answer);
  }

  #spoil(kind: StoreFault, call: IncomingMessage, answer: ServerResponse): void {
    const half = Math.floor(bodyLength(call) / 2);
    switch (kind) {
      case 'answers 500':
        answerError(call, answer, 500, 'InternalError');
        break;
      case 'answers SlowDown':
        answerError(call, answer, 503, 'SlowDown');
        break;
      case 'error inside a 200':
        answerError(call, answer, 200, 'InternalError');
        break;
      case 'no answer':
        this.#held.add(call.resume());
        break;
      case 'reset while sending':
        this.#reset(call, half);
        break;
      case 'keeps less than sent':
        this.#forward(call, answer, { sent: half });
        break;
      case 'answer lost':
        this.#forward(call, answer, { reply: 'none' });
        break;
      case 'reset while answering':
        this.#forward(call, answer, { reply: 'reset in the middle' });
        break;
      case 'short answer':
        this.#forward(call, answer, {
          reply: (call.url ?? '').includes('/input.') ? 'short, and says so' : 'ends early',
        });
        break;
    }
  }

  #reset(call: IncomingMessage, after: number): void {
    let received = 0;
    const look = (chunk?: Buffer): void => {
      received += chunk?.length ?? 0;
      if (received >= after) call.socket.resetAndDestroy();
    };
    look();
    call.on('data', look);
  }

  #forward(call: IncomingMessage, answer: ServerResponse, change: { sent?: number; reply?: Reply } = {}): void {
    const { method, url: path, headers } = call;
    const { hostname: host, port } = this.target;
    const changed = change.sent === undefined ? headers : { ...headers, 'content-length': String(change.sent) };
    const onward = request({ host, port, method, path, headers: changed, agent: this.#agent }, (reply) => {
      void this.#reply(reply, call, answer, change.reply ?? this.#listing(call)).catch(() => answer.destroy());
    });
    // the store is down, or this server went away
    onward.on('error', () => call.socket.destroy());
    answer.on('close', () => onward.destroy());
    if (change.sent === undefined) call.pipe(onward);
    else
      void call.toArray().then(
        (chunks) => onward.end(Buffer.concat(chunks as Buffer[]).subarray(0, change.sent)),
        () => onward.destroy(),
      );
  }

  #listing({ url = '' }: IncomingMessage): Reply {
    return this.#ageMs > 0 && /[?&](list-type=2|uploads)/.test(url) ? 'older' : 'whole';
  }

  async #reply(reply: IncomingMessage, call: IncomingMessage, answer: ServerResponse, how: Reply): Promise<void> {
    const { statusCode = 502, headers } = reply;
    if (how === 'whole') {
      answer.writeHead(statusCode, headers);
      reply.on('error', () => answer.destroy()).pipe(answer);
      return;
    }
    const body = Buffer.concat((await reply.toArray()) as Buffer[]);
    const half = body.subarray(0, body.length >> 1);
    switch (how) {
      case 'none':
        call.socket.destroy();
        break;
      case 'reset in the middle':
        answer.writeHead(statusCode, headers).write(half, () => call.socket.resetAndDestroy());
        break;
      case 'ends early':
        answer.writeHead(statusCode, headers).write(half, () => call.socket.end());
        break;
      case 'short, and says so':
        answer.writeHead(statusCode, { ...headers, 'content-length': half.length }).end(half);
        break;
      case 'older': {
        const older = Buffer.from(this.#older(body.toString()));
        delete headers['transfer-encoding'];
        answer.writeHead(statusCode, { ...headers, 'content-length': older.length }).end(older);
      }
    }
  }

  #older(listing: string): string {
    return listing.replace(
      /<(LastModified|Initiated)>([^<]+)/g,
      (_, name: string, time: string) => `<${name}>${new Date(Date.parse(time) - this.#ageMs).toISOString()}`,
    );
  }
}

type Reply = 'whole' | 'older' | 'none' | 'reset in the middle' | 'ends early' | 'short, and says so';
