// status calls per second
import autocannon from 'autocannon';
import { separate } from '../support/separate.mjs';
import { table } from '../support/statistics.mjs';

const CONNECTIONS = 20;
const SECONDS = 10;

export async function measure(workbench) {
  const service = await workbench.startService({ MODEL: 'demo' });
  const { separation } = await separate(service, await workbench.makeSong(20));
  const calls = { 'one, completed': `/v1/separations/${separation.id}`, 'the newest 20': '/v1/separations?limit=20' };
  const rows = [];
  for (const [name, path] of Object.entries(calls)) {
    const result = await autocannon({ url: `${service.url}${path}`, connections: CONNECTIONS, duration: SECONDS });
    const { requests, latency, non2xx, errors } = result;
    rows.push([name, requests.average.toFixed(0), latency.p50, latency.p97_5, latency.p99, non2xx + errors]);
  }
  const head = ['call', 'calls / s', 'p50, ms', 'p97.5, ms', 'p99, ms', 'failed'];
  return {
    text: `${CONNECTIONS} connections for ${SECONDS} s. The load generator shares the machine.\n\n${table(head, rows)}`,
  };
}
