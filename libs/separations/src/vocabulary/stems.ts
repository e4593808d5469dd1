/** Name of a stem: one of the model's sources, or `instrumental`. */
export type StemName = string;

/** The mix without its vocals. */
export const INSTRUMENTAL = 'instrumental';

/** The stems that we know by name, in the order in which they are listed. A model may have others. */
export const STEM_ORDER = ['vocals', INSTRUMENTAL, 'drums', 'bass', 'guitar', 'piano', 'other'] as const;

export type KnownStem = (typeof STEM_ORDER)[number];

/** Removes repeats and gives one order: the order in a request must not name another separation. */
export function sortStems(stems: readonly StemName[]): StemName[] {
  const known: readonly StemName[] = STEM_ORDER;
  const rank = (stem: StemName): number => (known.includes(stem) ? known.indexOf(stem) : known.length);
  return [...new Set(stems)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
