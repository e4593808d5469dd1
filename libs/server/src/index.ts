// what both servers share around their Nest apps: the start, the shutdown, and the health checks.
export { HealthController } from './health.controller.js';
export { Readiness, type Ping } from './readiness.js';
export { runServer } from './run-server.js';
export { closeOnSignals } from './shutdown.js';
