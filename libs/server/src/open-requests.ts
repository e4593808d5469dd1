import type { IncomingMessage, Server } from 'node:http';

/**
 * The requests of a server that are not answered completely. Once the server is closed, each connection ends with its
 * response: Node would keep it for the next request, and the server would not end before that time-out.
 */
export class OpenRequests {
  private readonly open = new Set<IncomingMessage>();

  constructor(server: Server) {
    server.on('request', (request, response) => {
      this.open.add(request);
      response.once('finish', () => {
        const end = (): void => {
          if (!server.listening) request.socket.destroySoon();
        };
        // the rest of a refused upload is read first, or its client would not see the answer
        if (request.complete) end();
        else request.once('close', end);
      });
      response.once('close', () => this.open.delete(request));
    });
  }

  /** Method and path of each, without the query, which may hold a signature. */
  get names(): string[] {
    return [...this.open].map(({ method = '', url = '' }) => `${method} ${url.replace(/\?.*/s, '')}`);
  }
}
