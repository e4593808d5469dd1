import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { KeyedMutex } from '@app/concurrency';
import type { DrillService } from '../service/drill-service.js';
import { FAULT_KINDS, type Fault } from './fault-kinds.js';

export interface FaultRecord {
  readonly fault: Fault;
  readonly hit: boolean;
  /** of the drill itself: the fault could not be made */
  readonly error?: string;
}

/** Inflicts the faults at their times. Those of one target follow each other; others overlap. Ends with the time. */
export async function inflictAll(
  service: DrillService,
  faults: readonly Fault[],
  durationMs: number,
  say: (text: string) => void,
): Promise<FaultRecord[]> {
  const ending = AbortSignal.timeout(durationMs);
  // every fault waits with it
  setMaxListeners(0, ending);
  const wait = async (milliseconds: number): Promise<void> => {
    await pause(milliseconds, undefined, { signal: ending }).catch(() => undefined);
  };
  const began = Date.now();
  const targets = new KeyedMutex();
  const inflict = async (fault: Fault): Promise<FaultRecord> => {
    await wait(began + fault.atMs - Date.now());
    return targets.run(targetOf(fault), async () => {
      if (ending.aborted) return { fault, hit: false };
      say(`${fault.kind} ${fault.server ?? ''} for ${(fault.lastsMs / 1000).toFixed(1)} s`);
      try {
        return { fault, hit: (await FAULT_KINDS[fault.kind]?.inflict(service, fault, wait)) ?? false };
      } catch (error) {
        return { fault, hit: false, error: String(error) };
      }
    });
  };
  return Promise.all(faults.map(inflict));
}

/** What a fault changes and must change back before the next one does: a process, or a wire. */
function targetOf({ kind, server }: Fault): string {
  if (server !== undefined && /^(S3|Redis)/.test(kind)) return `${kind.slice(0, 3)} ${server}`;
  return server ?? (/^(S3|store)/.test(kind) ? 'store' : 'Redis');
}
