import type { Licence, ModelDescription } from '../documents/model.js';
import { MODELS, OPEN_RECIPES } from './models.generated.js';

/** The model that ships with the service. */
export const DEMO_MODEL = 'demo';

/** The models and recipes of the catalogue. Their names are fixed; workers may announce others. */
export const KNOWN_MODELS: readonly ModelDescription[] = MODELS;

export function findKnownModel(name: string): ModelDescription | undefined {
  return KNOWN_MODELS.find((model) => model.name === name);
}

/** The license of a model's weights. Models that the catalogue does not know are the operator's own. */
export function licenceOf(name: string): Licence {
  const model = findKnownModel(name);
  if (model?.licenceClass === undefined) return { class: 'own', text: 'The operator is responsible for it' };
  const { licence, licenceClass, licenceSource, licenceReadOn } = model;
  return {
    class: licenceClass,
    text: licence,
    ...(licenceSource !== undefined && { source: licenceSource }),
    ...(licenceReadOn !== undefined && { readOn: licenceReadOn }),
  };
}

/** The models that a recipe needs, if it is one whose models are not all in the catalogue. */
export function modelsOfRecipe(name: string): readonly string[] | undefined {
  return Object.hasOwn(OPEN_RECIPES, name) ? OPEN_RECIPES[name] : undefined;
}
