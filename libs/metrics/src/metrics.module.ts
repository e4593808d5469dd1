import { Module, type DynamicModule, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** resolution of the event loop lag; the default of 10 ms costs 0.6 % of a core */
const EVENT_LOOP_SAMPLE_MS = 100;

@Module({})
export class MetricsModule implements NestModule {
  constructor(private readonly http: HttpMetrics) {}

  /** @param service the process's name, a label of every metric */
  static forRoot(service: string): DynamicModule {
    return {
      module: MetricsModule,
      global: true,
      controllers: [MetricsController],
      providers: [{ provide: Registry, useFactory: () => createRegistry(service) }, HttpMetrics],
      exports: [Registry],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    // a function: Nest would create a second instance of a class and register its metrics twice
    const observe = (request: Request, response: Response, next: NextFunction): void => {
      this.http.observe(request, response);
      next();
    };
    consumer.apply(observe).forRoutes('{*path}');
  }
}

function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  return registry;
}
