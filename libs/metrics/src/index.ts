// what Prometheus may ask for: one registry for each process, its default metrics, HTTP durations and `GET /metrics`.
// used by both servers; each adds its own metrics to the registry it injects.
export { HttpMetrics } from './http-metrics.js';
export { MetricsController } from './metrics.controller.js';
export { MetricsModule } from './metrics.module.js';
export { Counter, Gauge, Histogram, Registry } from 'prom-client';
