import { Module, type DynamicModule, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** the least that the statistics of the event loop's lag can show; the default of 10 ms takes 0.6 % of a core all day */
const EVENT_LOOP_SAMPLE_MS = 100;

@Module({})
export class MetricsModule implements NestModule {
  constructor(private readonly http: HttpMetrics) {}

  /** @param service name of the process, a label of every metric */
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
    // a function: of a class Nest would make a second instance, and register its metrics twice
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
