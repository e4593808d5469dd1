import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@app/processes';
import { commandLine } from '../../support/service/process-list.js';
import type { StorageName } from '../drill-options.js';
import { fill } from '../service/small-disk.js';
import { SERVERS, type DrillService, type ServerName } from '../service/drill-service.js';
import { STORE_FAULTS, type StoreFault } from '../service/s3-faults.js';

export interface Fault {
  readonly kind: string;
  /** undefined for a fault of Redis or of the store itself */
  readonly server: ServerName | undefined;
  readonly atMs: number;
  readonly lastsMs: number;
  /** of the store's calls that are hit, where only some are */
  readonly share: number;
}

/** Resolves after the time, or when the drill's faults must end. */
export type Wait = (milliseconds: number) => Promise<void>;

export interface FaultKind {
  /** empty for a fault of Redis or of the store itself */
  readonly servers: readonly ServerName[];
  readonly storage?: StorageName;
  readonly needsSmallDisk?: true;
  /** Begins and ends it. @returns false if there was nothing to hit */
  readonly inflict: (service: DrillService, fault: Fault, wait: Wait) => Promise<boolean>;
}

const WORKERS: readonly ServerName[] = ['worker-1', 'worker-2'];
/** how often a short-lived process is looked for */
const LOOK_MS = 20;

export const FAULT_KINDS: Readonly<Record<string, FaultKind>> = {
  'kill -9': {
    servers: SERVERS,
    inflict: async (service, fault, wait) => {
      const { process } = of(service, fault);
      await process.kill();
      await wait(Math.min(fault.lastsMs, 5000));
      await process.start();
      return true;
    },
  },
  SIGSTOP: {
    servers: SERVERS,
    inflict: async (service, fault, wait) => {
      const { process } = of(service, fault);
      process.freeze();
      await wait(fault.lastsMs);
      process.thaw();
      return true;
    },
  },
  'kill -9 the engine': {
    servers: WORKERS,
    inflict: (service, fault) => Promise.resolve(signalAll(childrenOf(service, fault, 'separation_engine'), 'SIGKILL')),
  },
  'SIGSTOP the engine': {
    servers: WORKERS,
    inflict: async (service, fault, wait) => {
      const engine = childrenOf(service, fault, 'separation_engine');
      const hit = signalAll(engine, 'SIGSTOP');
      await wait(fault.lastsMs);
      signalAll(engine, 'SIGCONT');
      return hit;
    },
  },
  'kill -9 an ffmpeg': {
    servers: SERVERS,
    inflict: async (service, fault, wait) => {
      const until = Date.now() + fault.lastsMs;
      while (Date.now() < until) {
        const [one] = childrenOf(service, fault, 'ffmpeg');
        if (one !== undefined && signalAll([one], 'SIGKILL')) return true;
        await wait(LOOK_MS);
      }
      return false;
    },
  },
  'full temporary disk': {
    servers: SERVERS,
    needsSmallDisk: true,
    inflict: async (service, fault, wait) => {
      const { process } = of(service, fault);
      if (process.pid === undefined) return false;
      const free = await fill(process.temporary);
      await wait(fault.lastsMs);
      await free();
      return true;
    },
  },
  'Redis killed': {
    servers: [],
    inflict: async ({ redis }, { lastsMs }, wait) => {
      await redis.kill();
      await wait(Math.min(lastsMs, 20_000));
      await redis.start();
      return true;
    },
  },
  'Redis frozen': {
    servers: [],
    inflict: async ({ redis }, { lastsMs }, wait) => {
      redis.pause();
      await wait(lastsMs);
      redis.resume();
      return true;
    },
  },
  FLUSHALL: {
    servers: [],
    inflict: async ({ redis }) => {
      await redis.wipe();
      return true;
    },
  },
  'Redis stalls': {
    servers: SERVERS,
    inflict: async (service, fault, wait) => {
      const { redis } = of(service, fault);
      redis.stall();
      await wait(fault.lastsMs);
      redis.pass();
      return true;
    },
  },
  'Redis cut off': {
    servers: SERVERS,
    inflict: async (service, fault, wait) => {
      const { redis } = of(service, fault);
      redis.cut();
      await wait(fault.lastsMs);
      redis.pass();
      return true;
    },
  },
  'S3 killed': {
    servers: [],
    storage: 's3',
    inflict: async ({ s3 }, { lastsMs }, wait) => {
      await s3?.kill();
      await wait(Math.min(lastsMs, 20_000));
      await s3?.restart();
      return true;
    },
  },
  'S3 frozen': {
    servers: [],
    storage: 's3',
    inflict: async ({ s3 }, { lastsMs }, wait) => {
      s3?.freeze();
      await wait(lastsMs);
      s3?.thaw();
      return true;
    },
  },
  'store folder away': {
    servers: [],
    storage: 'folder',
    inflict: async ({ dataFolder }, { lastsMs }, wait) => {
      const objects = join(dataFolder, 'objects');
      await rename(objects, `${objects}.away`);
      await wait(lastsMs);
      // what was stored meanwhile shows as an unknown folder
      await rename(objects, `${objects}.false-${Date.now()}`).catch(ignoreMissing);
      await rename(`${objects}.away`, objects);
      return true;
    },
  },
  ...Object.fromEntries(STORE_FAULTS.map((kind) => [`S3: ${kind}`, storeFault(kind)])),
};

function storeFault(kind: StoreFault): FaultKind {
  return {
    servers: SERVERS,
    storage: 's3',
    inflict: async (service, fault, wait) => {
      const { s3 } = of(service, fault);
      if (s3 === undefined) return false;
      const before = s3.hits.get(kind) ?? 0;
      s3.set({ kind, share: fault.share });
      await wait(fault.lastsMs);
      s3.pass();
      return (s3.hits.get(kind) ?? 0) > before;
    },
  };
}

function of(service: DrillService, { server }: Fault): ReturnType<DrillService['server']> {
  if (server === undefined) throw new Error('the fault names no server');
  return service.server(server);
}

function childrenOf(service: DrillService, fault: Fault, command: string): number[] {
  return of(service, fault)
    .process.children()
    .filter((pid) => commandLine(pid).includes(command));
}

/** @returns whether one of them was still there */
function signalAll(pids: readonly number[], signal: NodeJS.Signals): boolean {
  return pids.map((pid) => trySignal(pid, signal)).includes(true);
}

function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // it has ended
    return false;
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
