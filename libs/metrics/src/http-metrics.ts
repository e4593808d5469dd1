import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Histogram, Registry } from 'prom-client';

/** Measures calls by route pattern, never by path: ids must not become labels. */
@Injectable()
export class HttpMetrics {
  private readonly duration: Histogram<'method' | 'route' | 'status'>;

  constructor(registry: Registry) {
    this.duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the first byte of a call to the end of its response',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 15, 60, 300],
      registers: [registry],
    });
  }

  observe(request: Request, response: Response): void {
    const startedAt = performance.now();
    // close comes after every response, even if the client did not wait
    response.once('close', () => {
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      this.duration.observe(
        { method: knownMethod(request.method), route: routeOf(request), status },
        (performance.now() - startedAt) / 1000,
      );
    });
  }
}

function routeOf(request: Request): string {
  const route: unknown = request.route;
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  return typeof path === 'string' ? path : 'none';
}

function knownMethod(method: string): string {
  return ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'].includes(method) ? method : 'other';
}
