/** Audio formats a stem can be had in. */
export const FORMATS = ['flac', 'mp3', 'wav'] as const;

export type Format = (typeof FORMATS)[number];

/** the lossless format every stem is kept in: 44.1 kHz, stereo, 24 bit */
export const MASTER_FORMAT = 'flac' satisfies Format;

export function isFormat(value: unknown): value is Format {
  return FORMATS.some((format) => format === value);
}
