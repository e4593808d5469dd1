// which workers are alive, what they can do, and how fast they are: rest-server reads what workers report in Redis.
export { FleetModule } from './fleet.module.js';
export { ThroughputStats } from './throughput-stats.js';
export type { WorkerAnnouncement } from './worker-announcement.js';
export { WorkerPresence } from './worker-presence.js';
