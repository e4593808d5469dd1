/** name of a stem: one of the model's sources, or `instrumental` (the mix without its vocals) */
export type StemName = string;

export const INSTRUMENTAL = 'instrumental';

/** share of a segment that neighbours have in common */
export const OVERLAP_RANGE = { min: 0, max: 0.9, default: 0.25 } as const;

/** how many shifted passes are averaged; 0 is one plain pass */
export const SHIFTS_RANGE = { min: 0, max: 10, default: 0 } as const;

/** What decides the sound of a separation. */
export interface SeparationOptions {
  readonly model: string;
  readonly stems: readonly StemName[];
  readonly overlap: number;
  readonly shifts: number;
}

const ORDER = ['vocals', INSTRUMENTAL, 'drums', 'bass', 'guitar', 'piano', 'other'];

/** One order for a set of stems, repeats removed, so that the order a client writes does not name another separation. */
export function sortStems(stems: readonly StemName[]): StemName[] {
  const rank = (stem: StemName): number => (ORDER.includes(stem) ? ORDER.indexOf(stem) : ORDER.length);
  return [...new Set(stems)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
