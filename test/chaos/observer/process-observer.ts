import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DrillProcess } from '../service/drill-process.js';

export interface Footprint {
  readonly descriptors: number;
  readonly children: number;
  /** temporary files, by their path */
  readonly files: readonly string[];
}

/** What a server holds of the machine. */
export async function footprint(server: DrillProcess): Promise<Footprint> {
  const { pid, temporary } = server;
  if (pid === undefined) throw new Error(`${server.name} does not run`);
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    children: server.children().length,
    files: await filesBelow(temporary),
  };
}

export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
