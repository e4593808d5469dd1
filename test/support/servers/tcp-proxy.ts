import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Stands between a client and a server, and loses them as a network does. Call `close` at the end. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private silent = new WeakSet<Socket>();
  /** how long what a client sends is under way, ms */
  delayMs = 0;

  private constructor(
    private readonly server: Server,
    /** port of the server for new connections */
    public target: number,
  ) {
    server.on('connection', (client) => {
      this.join(client, connect(this.target, '127.0.0.1'));
    });
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Every open connection stays open, and never carries a byte again, as when its peer lost power. New ones work. */
  silence(): void {
    for (const socket of this.sockets) this.silent.add(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, upstream: Socket): void {
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(from);
      let sent = Promise.resolve();
      from.on('data', (chunk) => {
        if (this.silent.has(from)) return;
        if (from === upstream) {
          to.write(chunk);
          return;
        }
        const arrived = pause(this.delayMs);
        // in order, even when the delay shrinks
        sent = sent.then(() => arrived).then(() => void to.write(chunk));
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        if (!this.silent.has(from)) to.destroy();
      });
    }
  }
}
