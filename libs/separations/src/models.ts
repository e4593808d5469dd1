import type { StemName } from './options.js';

/** What is known of a model before any worker has said so. */
export interface ModelDescription {
  readonly name: string;
  readonly stems: readonly StemName[];
  /** signatures of its networks, joined by `+`: the `weights` of a separation's name */
  readonly weights: string;
  /** SPDX name, or the licence in words */
  readonly licence: string;
  /** time for a second of song, htdemucs is 1; measured on two cores without a GPU, but for that of hdemucs_mmi */
  readonly relativeCost: number;
}

const FOUR = ['drums', 'bass', 'other', 'vocals'];

/** models with a fixed name; `demo` ships with the service. A worker may announce others. */
export const KNOWN_MODELS: readonly ModelDescription[] = [
  { name: 'htdemucs', stems: FOUR, weights: '955717e8', licence: 'MIT', relativeCost: 1 },
  {
    name: 'htdemucs_ft',
    stems: FOUR,
    weights: 'f7e0c4bc+d12395a8+92cfc3b6+04573f0d',
    licence: 'MIT',
    relativeCost: 4,
  },
  { name: 'htdemucs_6s', stems: [...FOUR, 'guitar', 'piano'], weights: '5c90dfd2', licence: 'MIT', relativeCost: 1 },
  { name: 'hdemucs_mmi', stems: FOUR, weights: '75fc33f5', licence: 'MIT', relativeCost: 1 },
  { name: 'demo', stems: FOUR, weights: 'b64ffff8', licence: 'MIT', relativeCost: 0.1 },
];

export function findKnownModel(name: string): ModelDescription | undefined {
  return KNOWN_MODELS.find((model) => model.name === name);
}
