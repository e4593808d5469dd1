import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { Registry } from '@app/metrics';
import { errorCode } from '@app/processes';
import { API_CONFIG } from '../config/api-config.module.js';

/** METRICS_PORT cannot be used: the operator can choose another. */
export class MetricsPortError extends Error {}

/** Serves /metrics on a port of its own, which is not published. Without METRICS_PORT it does nothing. */
@Injectable()
export class MetricsPort implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly registry: Registry,
    @Inject(API_CONFIG) private readonly config: Pick<ApiConfig, 'http'>,
  ) {}

  /** @throws MetricsPortError */
  async onApplicationBootstrap(): Promise<void> {
    const { host, metricsPort } = this.config.http;
    if (metricsPort === 0) return;
    const server = createServer((request, response) => {
      if (request.method === 'GET' && request.url === '/metrics') {
        void this.registry.metrics().then(
          (text) => response.writeHead(200, { 'Content-Type': this.registry.contentType }).end(text),
          () => response.writeHead(500).end(),
        );
      } else response.writeHead(404).end();
    });
    try {
      await once(server.listen(metricsPort, host), 'listening');
    } catch (error) {
      throw new MetricsPortError(`METRICS_PORT ${metricsPort} cannot be used: ${errorCode(error) ?? String(error)}`);
    }
    this.server = server;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    const closed = once(server.close(), 'close');
    server.closeAllConnections();
    await closed;
  }
}
