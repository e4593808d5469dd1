import type { Format } from './formats.js';
import type { StemName } from './stems.js';
import type { SeparationId } from './separation-id.js';

/** The key of each object in the store. */
export const objectKeys = {
  stagingPrefix: 'staging/',
  separationsPrefix: 'separations/',
  staging: (uuid: string): string => `staging/${uuid}`,
  separation: (id: SeparationId): string => `separations/${id}/`,
  input: (id: SeparationId, extension: string): string => `separations/${id}/input.${extension}`,
  stems: (id: SeparationId): string => `separations/${id}/stems/`,
  stem: (id: SeparationId, stem: StemName, format: Format): string => `separations/${id}/stems/${stem}.${format}`,
  /** the decoded song, made on demand */
  original: (id: SeparationId): string => `separations/${id}/original.flac`,
  waveform: (id: SeparationId): string => `separations/${id}/waveform.json`,
} as const;
