// Prometheus metrics: one registry per process, default metrics, HTTP durations and `GET /metrics`.
// used by both servers, which add their own metrics to the injected registry.
export { MetricsController } from './metrics.controller.js';
export { MetricsModule } from './metrics.module.js';
export { Counter, Gauge, Histogram, Registry } from 'prom-client';
