/** How long the largest upload may take; a stalled one ends much sooner. */
export const LONGEST_UPLOAD_MS = 4 * 3600 * 1000;
