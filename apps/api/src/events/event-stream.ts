import { once } from 'node:events';
import type { Response } from 'express';

/** A response of server-sent events (SSE). Writes wait for the client, so a slow one does not fill the memory. */
export class EventStream {
  constructor(
    private readonly response: Response,
    private readonly signal: AbortSignal,
  ) {}

  open(): void {
    this.response.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx would buffer the events
      'X-Accel-Buffering': 'no',
    });
    this.response.flushHeaders();
  }

  /** @param id what a client that reconnects says it saw last; without one, that stays as it was */
  async event(name: string, data: unknown, id?: string): Promise<void> {
    const idLine = id === undefined ? '' : `id: ${id}\n`;
    await this.write(`event: ${name}\n${idLine}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Writes a comment, which clients skip: it keeps proxies from closing the connection, and detects a dead client. */
  async heartbeat(): Promise<void> {
    await this.write(': heartbeat\n\n');
  }

  close(): void {
    this.response.end();
  }

  private async write(text: string): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.response.write(text)) await once(this.response, 'drain', { signal: this.signal });
  }
}
