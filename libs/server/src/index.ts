// the shell of both servers around their Nest apps: start, shutdown and health checks.
export { checkScratch } from './check-scratch.js';
export { HealthController } from './health.controller.js';
export { lately } from './lately.js';
export { DegradedError, Readiness, type Health, type Ping } from './readiness.js';
export { runServer } from './run-server.js';
export { closeOnSignals } from './shutdown.js';
