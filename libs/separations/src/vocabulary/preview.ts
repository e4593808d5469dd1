/** of the name of an attempt, as it stands in keys and links */
export const PREVIEW_ATTEMPT = '^[0-9a-f]{12}$';

/** gain of every block in dB: it cannot change once a block is heard, and the gain of the song is not known yet */
export const PREVIEW_GAIN_DB = -6;
