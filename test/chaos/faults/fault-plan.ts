import type { StorageName } from '../drill-options.js';
import type { Random } from '../random.js';
import type { ServerName } from '../service/drill-service.js';
import { FAULT_KINDS, type Fault } from './fault-kinds.js';

/** a freeze of the 5 to 60 s, in a run of 20 minutes; shorter runs have shorter ones */
const LONGEST_MS = 60_000;
const SHORTEST_MS = 5000;
/** of a run's time that one fault may take */
const LARGEST_SHARE = 0.15;
const EVERY_MS = { least: 2500, most: 13_000, share: 1 / 90 };

interface Surroundings {
  readonly storage: StorageName;
  readonly durationMs: number;
  /** servers whose temporary files lie on a disk that can be filled */
  readonly smallDisks: readonly ServerName[];
}

/** Every kind of fault comes up before one comes again; when, where and for how long is drawn. */
export function planFaults({ storage, durationMs, smallDisks }: Surroundings, random: Random): Fault[] {
  const kinds = Object.entries(FAULT_KINDS).filter(
    ([, { storage: only, needsSmallDisk }]) =>
      (only === undefined || only === storage) && (needsSmallDisk !== true || smallDisks.length > 0),
  );
  const longestMs = Math.min(LONGEST_MS, durationMs * LARGEST_SHARE);
  const shortestMs = Math.min(SHORTEST_MS, longestMs / 3);
  const everyMs = Math.min(EVERY_MS.most, Math.max(EVERY_MS.least, durationMs * EVERY_MS.share));
  const faults: Fault[] = [];
  let deck: typeof kinds = [];
  for (let atMs = everyMs / 2; atMs < durationMs * 0.92; atMs += everyMs * random.between(0.6, 1.4)) {
    if (deck.length === 0) deck = random.shuffle(kinds);
    const [kind, { servers, needsSmallDisk }] = deck.pop() ?? random.pick(kinds);
    const targets = needsSmallDisk === true ? smallDisks : servers;
    faults.push({
      kind,
      server: targets.length === 0 ? undefined : random.pick(targets),
      atMs: Math.round(atMs),
      // most are short: only some outlive the locks and time-outs of the service
      lastsMs: Math.round(shortestMs + (longestMs - shortestMs) * random.next() ** 2),
      share: random.pick([0.2, 0.5, 1]),
    });
  }
  return faults;
}
