import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { findStretchLibrary, type StretchLibrary } from '@app/stretch';

/** From the npm package. */
export function loadStretchLibrary(): StretchLibrary {
  const source = createRequire(import.meta.url).resolve('signalsmith-stretch');
  return findStretchLibrary(readFileSync(source, 'utf8'));
}
