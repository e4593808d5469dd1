import { readFileSync, readdirSync } from 'node:fs';

/** Ids of the processes whose command line or environment holds the text: what a service with that data folder runs. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && ['cmdline', 'environ'].some((file) => read(pid, file).includes(text)));
}

/** `python -m separation_engine serve` */
export function commandLine(pid: number): string {
  return read(pid, 'cmdline').replaceAll('\0', ' ').trim();
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // it ended in the meantime
    return '';
  }
}
