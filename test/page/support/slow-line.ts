import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** bytes that pass at once: small, so that concurrent answers share the line */
const PACKET_BYTES = 4096;

/** A line to a server that all answers share, with a speed. It counts what it carries. */
export class SlowLine {
  /** bytes per second */
  speed = Infinity;
  /** when the line is free for the next packet */
  private freeAt = 0;
  private readonly carried = new Map<string, number>();
  private readonly server = createServer((request, response) => {
    // a client that goes away, or the server at its end
    this.forward(request, response).catch(() => response.destroy());
  });

  private constructor(private readonly target: URL) {}

  static async to(url: string): Promise<SlowLine> {
    const line = new SlowLine(new URL(url));
    line.server.listen(0, '0.0.0.0');
    await once(line.server, 'listening');
    return line;
  }

  urlAt(address: string): string {
    return `http://${address}:${(this.server.address() as AddressInfo).port}`;
  }

  /** Bytes of all answers whose path matches. */
  bytes(path: RegExp): number {
    return [...this.carried].reduce((sum, [one, bytes]) => sum + (path.test(one) ? bytes : 0), 0);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/', headers } = request;
    const { hostname, port } = this.target;
    const forwarded = send({ hostname, port, path: url, method, headers });
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    for await (const chunk of answer) {
      for (let at = 0; at < (chunk as Buffer).length; at += PACKET_BYTES) {
        const packet = (chunk as Buffer).subarray(at, at + PACKET_BYTES);
        await this.pass(url, packet.length);
        if (!response.write(packet)) await once(response, 'drain');
      }
    }
    response.end();
  }

  private async pass(url: string, bytes: number): Promise<void> {
    this.carried.set(url, (this.carried.get(url) ?? 0) + bytes);
    const now = performance.now();
    this.freeAt = Math.max(now, this.freeAt) + (1000 * bytes) / this.speed;
    if (this.freeAt > now) await pause(this.freeAt - now);
  }
}
