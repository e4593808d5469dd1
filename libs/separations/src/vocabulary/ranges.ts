/** Share of a segment that overlaps its neighbor. */
export const OVERLAP_RANGE = { min: 0, max: 0.9, default: 0.25 } as const;

/** Number of shifted passes to average; 0 is one plain pass. */
export const SHIFTS_RANGE = { min: 0, max: 10, default: 0 } as const;

/** Beats per minute that somebody may set. */
export const TEMPO_RANGE = { min: 20, max: 400 } as const;

/** Of a title that somebody sets, in characters. */
export const TITLE_LENGTH = 200;

/** Audio tracks of a file, counted from 1. */
export const TRACK_RANGE = { min: 1, max: 100 } as const;
