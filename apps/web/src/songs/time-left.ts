import type { Separation, SeparationId } from '../api/contract.js';

type Progress = Separation['progress'];

/** work that must be seen before its speed says something, percent */
const MIN_PERCENT = 4;

interface Seen {
  readonly percent: number;
  readonly atMs: number;
}

interface Watched {
  readonly first: Seen;
  readonly last: Seen;
}

/** the songs that this page has seen in the engine */
const watched = new Map<SeparationId, Watched>();

/**
 * Estimates from the speed that this page has seen. The speed changes only with the progress.
 * @returns seconds until the song is ready; undefined while the page has not seen enough of it
 */
export function secondsLeft(
  id: SeparationId,
  { stage, percent }: Progress,
  nowMs = performance.now(),
): number | undefined {
  if (stage !== 'separate') return undefined;
  const { first, last } = watch(id, { percent, atMs: nowMs });
  const done = percent - first.percent;
  if (done < MIN_PERCENT) return undefined;
  const leftMs = ((last.atMs - first.atMs) * (100 - percent)) / done;
  return Math.max(0, Math.ceil((leftMs - (nowMs - last.atMs)) / 1000));
}

function watch(id: SeparationId, now: Seen): Watched {
  const before = watched.get(id);
  // another worker begins again when one is lost
  const isFirst = before === undefined || now.percent < before.last.percent;
  const seen: Watched = {
    first: isFirst ? now : before.first,
    last: isFirst || now.percent > before.last.percent ? now : before.last,
  };
  watched.set(id, seen);
  return seen;
}
