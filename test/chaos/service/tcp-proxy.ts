import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'stall' | 'refuse';

/** A wire that can be pulled: the Redis connections of one server run through it. */
export class TcpProxy {
  #mode: Mode = 'pass';
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();

  private constructor(
    private readonly listener: Server,
    private readonly target: number,
  ) {
    listener.on('connection', (client) => {
      this.#connect(client);
    });
  }

  static async start(target: number): Promise<TcpProxy> {
    const listener = createServer().listen(0, '127.0.0.1');
    const proxy = new TcpProxy(listener, target);
    await once(listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Not a byte passes, in either direction, and nobody is told. */
  stall(): void {
    this.#mode = 'stall';
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Ends every connection, and refuses new ones until `pass`. */
  cut(): void {
    this.#mode = 'refuse';
    this.#endAll();
  }

  /** The peers of a stalled wire are gone when it works again: its connections end. */
  pass(): void {
    if (this.#mode === 'stall') this.#endAll();
    this.#mode = 'pass';
  }

  async close(): Promise<void> {
    this.#mode = 'refuse';
    const closed = once(this.listener.close(), 'close');
    this.#endAll();
    await closed;
  }

  #endAll(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  #connect(client: Socket): void {
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.target, '127.0.0.1');
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      // the other end learns of it by its own close
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.pipe(client);
    if (this.#mode === 'stall') this.stall();
  }
}
