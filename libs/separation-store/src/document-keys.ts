import { objectKeys, type SeparationId } from '@app/separations';

/** Keys of the two documents that only this lib reads and writes. */
export const documentKeys = {
  request: (id: SeparationId): string => `${objectKeys.separation(id)}request.json`,
  manifest: (id: SeparationId): string => `${objectKeys.separation(id)}manifest.json`,
} as const;
