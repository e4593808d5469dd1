// a worker in a process of its own, for specs that kill it: says which job it started, and never ends it.
import { RedisKeys, RedisConnections } from '@app/redis';
import { SeparationWorker } from './separation-worker.js';

const [url = '', prefix = ''] = process.argv.slice(2);

const connections = new RedisConnections({ url: new URL(url) }, new RedisKeys(prefix));
const worker = new SeparationWorker(
  connections,
  async ({ id }) => {
    process.stdout.write(`${id}\n`);
    await new Promise(() => undefined);
  },
  { concurrency: 1 },
);
await worker.start();
