import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { loopbackInput, type FfmpegInput } from './ffmpeg-input.js';
import type { SeekableSource } from './seekable-source.js';

/**
 * Serves the sources while `read` runs.
 * @throws the error of a source that cannot be read; its reader only sees an early end
 */
export async function withLoopback<const S extends readonly SeekableSource[]>(
  sources: S,
  read: (inputs: { readonly [K in keyof S]: FfmpegInput }) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const servers = await startAll(sources);
  const failure = (): Error | undefined => servers.find((server) => server.failure !== undefined)?.failure;
  try {
    await read(servers.map(({ url }) => loopbackInput(url)) as { [K in keyof S]: FfmpegInput });
  } catch (error) {
    signal?.throwIfAborted();
    throw failure()?.cause ?? error;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
  const failed = failure();
  if (failed !== undefined) throw failed.cause;
}

/** Starts all servers. If one cannot listen (too many open files), closes the others. */
async function startAll(sources: readonly SeekableSource[]): Promise<readonly LoopbackServer[]> {
  const starts = await Promise.allSettled(sources.map((source) => LoopbackServer.start(source)));
  const servers = starts.filter((start) => start.status === 'fulfilled').map(({ value }) => value);
  const refused = starts.find((start) => start.status === 'rejected');
  if (refused === undefined) return servers;
  await Promise.all(servers.map((server) => server.close()));
  throw refused.reason;
}

/** Serves one object on the loopback address, on an unguessable path, to a reader that must seek. */
export class LoopbackServer {
  /** why the object could not be read; the reader only sees a closed connection */
  failure: Error | undefined;
  private readonly path = `/${randomBytes(32).toString('hex')}`;
  private readonly server = createServer((request, response) => void this.answer(request, response));

  private constructor(private readonly source: SeekableSource) {}

  static async start(source: SeekableSource): Promise<LoopbackServer> {
    const loopback = new LoopbackServer(source);
    loopback.server.listen(0, '127.0.0.1');
    await once(loopback.server, 'listening');
    return loopback;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.path}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.url === this.path && request.method === 'GET') await this.send(request.headers.range, response);
      else response.writeHead(404).end();
    } catch (error) {
      // a reader that seeks abandons its last response: not a failure
      if (!response.destroyed) this.fail(error);
      response.destroy();
    }
  }

  private fail(cause: unknown): void {
    this.failure ??= new Error('cannot read the song', { cause });
  }

  private async send(range: string | undefined, response: ServerResponse): Promise<void> {
    const { bytes } = this.source;
    const start = Number(/^bytes=(\d{1,15})-/.exec(range ?? 'bytes=0-')?.[1]);
    if (!(start < bytes)) {
      response.writeHead(416, { 'content-range': `bytes */${bytes}` }).end();
      return;
    }
    const object = await this.source.read({ start, end: bytes - 1 });
    // runs before the pipeline destroys the response
    object.once('error', (error) => {
      if (!response.destroyed) this.fail(error);
    });
    response.writeHead(206, {
      'accept-ranges': 'bytes',
      connection: 'close',
      'content-length': bytes - start,
      'content-range': `bytes ${start}-${bytes - 1}/${bytes}`,
    });
    await pipeline(object, response);
  }
}
