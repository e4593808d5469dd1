// a worker in a process of its own, for specs that kill it: says which job it started, and never ends it.
import { QueueKeys } from './queue-keys.js';
import { RedisConnections } from './redis-connections.js';
import { SeparationWorker } from './separation-worker.js';

const [url = '', prefix = ''] = process.argv.slice(2);

const connections = new RedisConnections({ url: new URL(url) }, new QueueKeys(prefix));
const worker = new SeparationWorker(
  connections,
  async ({ id }) => {
    process.stdout.write(`${id}\n`);
    await new Promise(() => undefined);
  },
  { concurrency: 1 },
);
await worker.start();
