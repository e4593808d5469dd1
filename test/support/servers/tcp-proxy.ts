import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Stands between a client and a server, and loses them as a network does. Call `close` at the end. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private readonly clients = new Set<Socket>();
  private readonly broken = new WeakSet<Socket>();
  private silent = new WeakSet<Socket>();
  /** how long what a client sends is under way, ms */
  delayMs = 0;
  private sent = 0;
  private opened = 0;
  private breaks = { times: 0, everyBytes: 0, at: 0 };

  private constructor(
    private readonly server: Server,
    /** port of the server for new connections */
    public target: number,
  ) {
    server.on('connection', (client) => {
      this.opened += 1;
      this.clients.add(client);
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

  /** Breaks every connection each time that clients have sent so many bytes more. */
  breakEvery(everyBytes: number, times: number): void {
    this.breaks = { times, everyBytes, at: this.sent + everyBytes };
  }

  /** Breaks every connection now. */
  breakAll(): void {
    for (const socket of this.clients) {
      this.broken.add(socket);
      socket.destroy();
    }
  }

  /** that clients have opened in all */
  get connections(): number {
    return this.opened;
  }

  /** bytes that clients have sent in all */
  get sentBytes(): number {
    return this.sent;
  }

  get breaksLeft(): number {
    return this.breaks.times;
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
        this.sent += chunk.length;
        if (this.breaks.times > 0 && this.sent >= this.breaks.at) {
          this.breaks = { ...this.breaks, times: this.breaks.times - 1, at: this.sent + this.breaks.everyBytes };
          this.breakAll();
        }
        const arrived = pause(this.delayMs);
        // in order, even when the delay shrinks
        sent = sent.then(() => arrived).then(() => void to.write(chunk));
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        this.clients.delete(from);
        // what was under way before the break arrives
        if (this.broken.has(from)) void sent.then(() => to.end());
        else if (!this.silent.has(from)) to.destroy();
      });
    }
  }
}
