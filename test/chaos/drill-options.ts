import { parseArgs } from 'node:util';

export type StorageName = 'folder' | 's3';

export interface DrillOptions {
  readonly songs: number;
  readonly minutes: number;
  readonly seed: number;
  readonly storage: StorageName;
  /** keeps the folder of logs and objects even if nothing was violated */
  readonly keep: boolean;
}

export const USAGE = `npm run test:chaos -- [options]
  --songs 200      uploads
  --minutes 20     how long faults are injected; the undisturbed run before and the settling after take longer
  --seed N         repeats the songs, the visits and the faults of a run (default: a new one, printed)
  --storage s3     or folder: no faults of the store's answers, but a folder that goes away
  --report FILE    also appends the report to a file
  --keep           keeps the logs and objects of a run without violations`;

/** @throws an Error with a sentence for the user */
export function readArguments(args: readonly string[]): DrillOptions & { readonly report: string | undefined } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      songs: { type: 'string', default: '200' },
      minutes: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      storage: { type: 'string', default: 's3' },
      report: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const { storage } = values;
  if (storage !== 'folder' && storage !== 's3') throw new Error(`--storage is folder or s3, not ${storage}.`);
  return {
    songs: number('songs', values.songs, 4),
    minutes: number('minutes', values.minutes, 0.1),
    seed: number('seed', values.seed, 0),
    storage,
    report: values.report,
    keep: values.keep,
  };
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least))
    throw new Error(`--${name} is a number of at least ${least}, not ${text}.`);
  return value;
}
