/** Audio formats of a stem. */
export const FORMATS = ['flac', 'mp3', 'wav'] as const;

export type Format = (typeof FORMATS)[number];

/** The lossless format that every stem is stored in: 44.1 kHz, stereo, 24 bit. */
export const MASTER_FORMAT = 'flac' satisfies Format;

export function isFormat(value: unknown): value is Format {
  return FORMATS.some((format) => format === value);
}
