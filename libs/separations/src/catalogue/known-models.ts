import type { ModelDescription } from '../documents/model.js';
import { MODELS } from './models.generated.js';

/** The model that ships with the service. */
export const DEMO_MODEL = 'demo';

/** The models of the catalogue. Their names are fixed; workers may announce others. */
export const KNOWN_MODELS: readonly ModelDescription[] = MODELS;

export function findKnownModel(name: string): ModelDescription | undefined {
  return KNOWN_MODELS.find((model) => model.name === name);
}
