/** The longest that an upload of the largest file may take, ms; one that stalls is dropped much sooner. */
export const LONGEST_UPLOAD_MS = 4 * 3600 * 1000;
