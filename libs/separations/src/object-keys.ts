import type { Format } from './format.js';
import type { StemName } from './options.js';
import type { SeparationId } from './separation-id.js';

/** Where each object of a separation lies in the store. */
export const objectKeys = {
  stagingPrefix: 'staging/',
  separationsPrefix: 'separations/',
  staging: (uuid: string): string => `staging/${uuid}`,
  separation: (id: SeparationId): string => `separations/${id}/`,
  input: (id: SeparationId, extension: string): string => `separations/${id}/input.${extension}`,
  stems: (id: SeparationId): string => `separations/${id}/stems/`,
  stem: (id: SeparationId, stem: StemName, format: Format): string => `separations/${id}/stems/${stem}.${format}`,
  /** the song as it was decoded, made when it is asked for */
  original: (id: SeparationId): string => `separations/${id}/original.flac`,
  waveform: (id: SeparationId): string => `separations/${id}/waveform.json`,
} as const;
