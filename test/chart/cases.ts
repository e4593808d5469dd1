import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe } from '@jest/globals';
import { findHelm } from './helm.js';

export const helm = await findHelm();

/** Describes specs of the chart. Without Helm they are skipped, visibly. */
export const describeChart = helm === undefined ? describe.skip : describe;

async function filesOf(folder: string, suffix: string): Promise<string[]> {
  const files = await readdir(resolve(folder));
  return files.filter((file) => file.endsWith(suffix)).map((file) => resolve(folder, file));
}

/** values that the chart's README shows */
export const EXAMPLES = await filesOf('charts/music-separation/ci', '-values.yaml');

/** values that operators use, one concern each; effects/ tells what they change */
export const OPERATOR_CASES = await filesOf('test/chart/cases', '.yaml');

const VERSIONS = ['1.29.0', '1.34.0', '1.37.0'] as const;

/** The versions of Kubernetes that objects must be valid for. Older ones have no image volumes. */
export function versionsOf(objects: unknown): readonly string[] {
  return JSON.stringify(objects).includes('"image":{"reference"') ? VERSIONS.slice(1) : VERSIONS;
}
