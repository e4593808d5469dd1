import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { processesWith, commandLine } from '../../support/service/process-list.js';
import { patient } from '../../support/patience.js';
import type { Ledger } from '../clients/ledger.js';
import type { DrillProcess } from '../service/drill-process.js';
import type { DrillService } from '../service/drill-service.js';
import type { Rule, Violations } from '../violations.js';
import { ageStore, bringSweepsForward, sweepsDue } from './age.js';
import { compareLists } from './compare-lists.js';
import { filesBelow, footprint, type Footprint } from './process-observer.js';
import type { References } from './references.js';
import { surplusInRedis } from './redis-observer.js';
import { StoreObserver } from './store-observer.js';

/** what the service may take to put itself in order when nothing is asked of it: it looks once a minute */
const SETTLE_MS = 90_000;
const MOST_PASSES = 10;
/** keep-alive connections and the like come and go */
const FEW_DESCRIPTORS = 24;

interface Observed {
  readonly service: DrillService;
  readonly ledger: Ledger;
  readonly references: References;
  readonly violations: Violations;
  /** of each server before the faults */
  readonly before: ReadonlyMap<string, Footprint>;
}

/** Asserts all that must hold when the faults are over and every song has ended. */
export async function observe({ service, ledger, references, violations, before }: Observed): Promise<void> {
  const { store } = service;
  await sweepAll(service, violations);
  const unfinished = await store.sweepUnfinished(0);
  violations.expect(unfinished === 0, 'layout', `${unfinished} unfinished uploads`);
  const observer = new StoreObserver(store, ledger, references, violations);
  await observer.observe();
  await compareLists(service, observer.owners, violations);
  const stored = [...observer.owners.values()].reduce((sum, ids) => sum + ids.size, 0);
  await settled('redis', () => surplusInRedis(service.redis.url, stored), violations);
  await settled('files', async () => (await footprints(service.processes)).flatMap(({ files }) => files), violations);
  await settled(
    'descriptors',
    async () => grown(before, await footprints(service.processes), 'descriptors', FEW_DESCRIPTORS),
    violations,
  );
  await settled('processes', async () => grown(before, await footprints(service.processes), 'children', 0), violations);
}

/** Lets the service sweep all that looks old to it. */
async function sweepAll(service: DrillService, violations: Violations): Promise<void> {
  const { url } = service.redis;
  // plans a sweep of whatever has ended
  await pass(service, violations);
  await bringSweepsForward(url);
  // a pass sweeps a bounded number
  for (let passes = 0; passes < MOST_PASSES && (await sweepsDue(url)) > 0; passes += 1) await pass(service, violations);
  const due = await sweepsDue(url);
  violations.expect(due === 0, 'layout', `${due} ended separations were not swept`);
}

/** Waits for a pass of the reconciler. An object of ours tells when it was there. */
async function pass(service: DrillService, violations: Violations): Promise<void> {
  const { store } = service;
  await store.putText(`staging/${randomUUID()}`, 'a drill');
  await ageStore(service);
  await service.reconnect();
  const staged = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of store.list('staging/')) keys.push(key);
    return keys;
  };
  await settled('layout', staged, violations);
}

/** Stops the service, and looks for what its processes left on this machine. */
export async function observeTheEnd(service: DrillService, violations: Violations): Promise<void> {
  for (const text of service.processes.flatMap(({ unplannedEnds }) => unplannedEnds)) violations.add('processes', text);
  for (const text of await service.stop()) violations.add('processes', text);
  await settled(
    'processes',
    () => processesWith(service.folder).map((pid) => `${pid} ${commandLine(pid)}`),
    violations,
  );
  await settled(
    'files',
    async () => (await Promise.all(service.processes.map(({ temporary }) => filesBelow(temporary)))).flat(),
    violations,
  );
}

/** Looks until nothing is wrong; what still is after a while is a violation. */
async function settled(rule: Rule, look: () => string[] | Promise<string[]>, violations: Violations): Promise<void> {
  const deadline = Date.now() + patient(SETTLE_MS);
  let wrong = await look();
  while (wrong.length > 0 && Date.now() < deadline) {
    await pause(500);
    wrong = await look();
  }
  for (const text of wrong) violations.add(rule, text);
}

async function footprints(servers: readonly DrillProcess[]): Promise<(Footprint & { name: string })[]> {
  return Promise.all(servers.map(async (server) => ({ name: server.name, ...(await footprint(server)) })));
}

function grown(
  before: ReadonlyMap<string, Footprint>,
  now: readonly (Footprint & { name: string })[],
  what: 'descriptors' | 'children',
  allowed: number,
): string[] {
  return now.flatMap((one) => {
    const was = before.get(one.name)?.[what] ?? 0;
    return one[what] > was + allowed ? [`${one.name} has ${one[what]} ${what}, and had ${was}`] : [];
  });
}
