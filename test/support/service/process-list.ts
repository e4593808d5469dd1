import { readFileSync, readdirSync } from 'node:fs';

/** Ids of the processes whose command line or environment holds the text: what a service with that data folder runs. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && ['cmdline', 'environ'].some((file) => read(pid, file).includes(text)));
}

/** Ids of all its descendants. */
export function descendants(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid);
  return children.flatMap((child) => [Number(child), ...descendants(Number(child))]);
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

/** the fourth field of stat; the second, a name in brackets, may hold spaces */
function parentOf(pid: number): number {
  return Number(read(pid, 'stat').split(') ').at(-1)?.split(' ')[1]);
}
