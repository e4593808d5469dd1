import { setMaxListeners } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { patient } from '../support/patience.js';
import { Caller } from './clients/caller.js';
import { Ledger } from './clients/ledger.js';
import { makeRefused, makeSongs, type Song } from './clients/song-library.js';
import { Visitor } from './clients/visitor.js';
import { OWNERS, planVisits, type Visit } from './clients/visit-plan.js';
import type { DrillOptions } from './drill-options.js';
import { inflictAll, type FaultRecord } from './faults/fault-injector.js';
import { planFaults } from './faults/fault-plan.js';
import { observe, observeTheEnd } from './observer/after-the-drill.js';
import { footprint, type Footprint } from './observer/process-observer.js';
import { References } from './observer/references.js';
import { undisturbedRun } from './observer/undisturbed-run.js';
import { Random } from './random.js';
import { DrillService, keyOf, SERVERS } from './service/drill-service.js';
import type { StoreFault } from './service/s3-faults.js';
import { Violations } from './violations.js';

/** owns what runs undisturbed */
const REFERENCE = 'reference';
/** an outage may keep a song waiting for the longest back-off, a lost lock and a look of the reconciler */
const SETTLE_MS = { least: 90_000, most: 300_000 };

export interface DrillResult {
  readonly options: DrillOptions;
  readonly visits: readonly Visit[];
  readonly faults: readonly FaultRecord[];
  /** calls to the store that each fault spoiled */
  readonly spoiled: ReadonlyMap<StoreFault, number>;
  readonly smallDisks: boolean;
  readonly ledger: Ledger;
  readonly violations: Violations;
  readonly seconds: { readonly settle: number; readonly all: number };
  /** of logs and objects; undefined where it was removed */
  readonly folder: string | undefined;
}

/** The whole drill: an undisturbed run, the faults with the visits, the settling, the observer. */
export async function runDrill(
  options: DrillOptions,
  say: (text: string) => void = () => undefined,
): Promise<DrillResult> {
  const began = Date.now();
  const random = new Random(options.seed);
  const service = await DrillService.prepare(options.storage, random.fork('service'), [...OWNERS, REFERENCE]);
  let keep = true;
  try {
    const durationMs = options.minutes * 60_000;
    const songsFolder = join(service.folder, 'songs');
    await mkdir(songsFolder);
    const count = Math.min(24, Math.max(6, Math.ceil(options.songs / 5)));
    const songs = await makeSongs(songsFolder, count, random.fork('songs'));
    const refused = await makeRefused(songsFolder);
    const size = { visits: options.songs, songs: songs.length, refused: refused.length, durationMs };
    const visits = planVisits(size, random.fork('visits'));
    const smallDisks = service.smallDisks ? SERVERS.filter((name) => service.server(name).process.hasSmallDisk) : [];
    const plan = planFaults({ storage: options.storage, durationMs, smallDisks }, random.fork('faults'));

    say(
      `seed ${options.seed}, ${options.storage}, ${visits.length} visits, ${plan.length} faults, in ${service.folder}`,
    );
    await service.start();
    const violations = new Violations();
    const journal = createWriteStream(join(service.folder, 'clients.log'));
    const ledger = new Ledger(violations, journal);
    const closing = new AbortController();
    // every call of every client listens to it
    setMaxListeners(0, closing.signal);
    const callers = new Map(
      [...OWNERS, REFERENCE].map((owner) => [owner, callerOf(service, owner, ledger, closing.signal)]),
    );
    const caller = (owner: string): Caller => callers.get(owner) ?? raise(`no key of ${owner}`);
    const references = new References(service.store, service.folder);
    await undisturbedRun(caller(REFERENCE), REFERENCE, ledger, references, visits, songs);
    const before = new Map<string, Footprint>();
    for (const process of service.processes) before.set(process.name, await footprint(process));

    say('the faults begin');
    const visiting = Promise.all(
      visits.map(async (visit) => {
        await pause(visit.atMs);
        await new Visitor(caller(visit.owner), ledger, visit, songOf(visit, songs, refused)).run();
      }),
    );
    const faults = await inflictAll(service, plan, durationMs, say);
    service.heal();
    await service.untilReady();
    say('the faults are over');
    const endedAt = Date.now();
    const settleMs = patient(Math.min(SETTLE_MS.most, Math.max(SETTLE_MS.least, durationMs)));
    const late = setTimeout(() => {
      closing.abort(new Error('the drill is over'));
    }, settleMs);
    await visiting;
    clearTimeout(late);
    const settle = (Date.now() - endedAt) / 1000;
    say(`settled after ${settle.toFixed(1)} s; the observer looks`);
    await observe({ service, ledger, references, violations, before });
    closing.abort();
    await observeTheEnd(service, violations);
    journal.end();
    keep = options.keep || violations.all.length > 0;
    return {
      options,
      visits,
      faults,
      spoiled: spoiledBy(service),
      smallDisks: service.smallDisks,
      ledger,
      violations,
      seconds: { settle, all: (Date.now() - began) / 1000 },
      folder: keep ? service.folder : undefined,
    };
  } finally {
    await service.close(keep);
  }
}

function callerOf(service: DrillService, owner: string, ledger: Ledger, signal: AbortSignal): Caller {
  const servers = service.apis.map(({ url }) => url);
  return new Caller({ servers, key: keyOf(owner), ledger, folder: service.folder, signal });
}

function songOf({ intent, song }: Visit, songs: readonly Song[], refused: readonly Song[]): Song {
  const found = (intent === 'send what is not a song' ? refused : songs)[song];
  return found ?? raise(`no song ${song}`);
}

function spoiledBy({ servers }: DrillService): Map<StoreFault, number> {
  const spoiled = new Map<StoreFault, number>();
  for (const [kind, hits] of [...servers.values()].flatMap(({ s3 }) => [...(s3?.hits ?? [])])) {
    spoiled.set(kind, (spoiled.get(kind) ?? 0) + hits);
  }
  return spoiled;
}

function raise(message: string): never {
  throw new Error(message);
}
