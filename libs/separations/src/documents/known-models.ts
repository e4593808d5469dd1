import type { ModelDescription } from './model.js';

/** The model that ships with the service. */
export const DEMO_MODEL = 'demo';

const FOUR = ['drums', 'bass', 'other', 'vocals'];

const OF_DEMUCS = {
  licence: 'none stated',
  licenceSource:
    'The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific ' +
    'purposes only (https://github.com/facebookresearch/demucs/issues/327), and took an MIT tag off the model cards ' +
    'on 31 August 2026.',
};

/**
 * The models with fixed names. Workers may announce others. Costs are measured on two
 * CPU cores, except that of hdemucs_mmi.
 */
export const KNOWN_MODELS: readonly ModelDescription[] = [
  { name: 'htdemucs', stems: FOUR, weights: '955717e8', ...OF_DEMUCS, relativeCost: 1 },
  { name: 'htdemucs_ft', stems: FOUR, weights: 'f7e0c4bc+d12395a8+92cfc3b6+04573f0d', ...OF_DEMUCS, relativeCost: 4 },
  { name: 'htdemucs_6s', stems: [...FOUR, 'guitar', 'piano'], weights: '5c90dfd2', ...OF_DEMUCS, relativeCost: 1 },
  { name: 'hdemucs_mmi', stems: FOUR, weights: '75fc33f5', ...OF_DEMUCS, relativeCost: 1 },
  {
    name: DEMO_MODEL,
    stems: FOUR,
    weights: 'b64ffff8',
    licence: 'MIT',
    licenceSource: 'Trained by this project, on music that it synthesized.',
    relativeCost: 0.1,
  },
];

export function findKnownModel(name: string): ModelDescription | undefined {
  return KNOWN_MODELS.find((model) => model.name === name);
}
