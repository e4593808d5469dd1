// written by `npm run catalogue`
import type { ModelDescription } from '../documents/model.js';

export const MODELS: readonly ModelDescription[] = [
  {
    "name": "htdemucs",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "955717e8",
    "licence": "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific purposes only, and took an MIT tag off the model cards on 31 August 2026",
    "licenceClass": "none-stated",
    "licenceSource": "https://github.com/facebookresearch/demucs/issues/327",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 1
  },
  {
    "name": "htdemucs_ft",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "f7e0c4bc+d12395a8+92cfc3b6+04573f0d",
    "licence": "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific purposes only, and took an MIT tag off the model cards on 31 August 2026",
    "licenceClass": "none-stated",
    "licenceSource": "https://github.com/facebookresearch/demucs/issues/327",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 4
  },
  {
    "name": "htdemucs_6s",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals",
      "guitar",
      "piano"
    ],
    "weights": "5c90dfd2",
    "licence": "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific purposes only, and took an MIT tag off the model cards on 31 August 2026",
    "licenceClass": "none-stated",
    "licenceSource": "https://github.com/facebookresearch/demucs/issues/327",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 1
  },
  {
    "name": "hdemucs_mmi",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "75fc33f5",
    "licence": "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific purposes only, and took an MIT tag off the model cards on 31 August 2026",
    "licenceClass": "none-stated",
    "licenceSource": "https://github.com/facebookresearch/demucs/issues/327",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 1
  },
  {
    "name": "melband_roformer_kim",
    "stems": [
      "vocals"
    ],
    "weights": "03bfc70b",
    "licence": "MIT, stated by the author in April 2026",
    "licenceClass": "permissive",
    "licenceSource": "Discussion 18 of KimberleyJSN/melbandroformer on the model hub",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.1,
    "relativeCost": 7.3
  },
  {
    "name": "demo",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "b64ffff8",
    "licence": "MIT. Trained by this project, on music that it synthesized",
    "licenceClass": "own",
    "licenceSource": "engine/training/README.md",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 0.1
  },
  {
    "name": "demo_roformer",
    "stems": [
      "vocals"
    ],
    "weights": "ffedeb07",
    "licence": "MIT. Trained by this project, on music that it synthesized",
    "licenceClass": "own",
    "licenceSource": "engine/training/README.md",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.1,
    "relativeCost": 0.1
  },
  {
    "name": "demo_scnet",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "4a956386",
    "licence": "MIT. Trained by this project, on music that it synthesized",
    "licenceClass": "own",
    "licenceSource": "engine/training/README.md",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.1,
    "relativeCost": 0.1
  },
  {
    "name": "ft3",
    "stems": [
      "drums",
      "other",
      "vocals"
    ],
    "weights": "f7e0c4bc+04573f0d",
    "licence": "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific purposes only, and took an MIT tag off the model cards on 31 August 2026",
    "licenceClass": "none-stated",
    "licenceSource": "https://github.com/facebookresearch/demucs/issues/327",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 2
  },
  {
    "name": "best",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "03bfc70b+f7e0c4bc+d12395a8",
    "licence": "The author wrote in 2022 that the MIT license of the code does not cover the weights, which are for scientific purposes only, and took an MIT tag off the model cards on 31 August 2026",
    "licenceClass": "none-stated",
    "licenceSource": "https://github.com/facebookresearch/demucs/issues/327",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 9.3
  },
  {
    "name": "demo_best",
    "stems": [
      "drums",
      "bass",
      "other",
      "vocals"
    ],
    "weights": "ffedeb07+b64ffff8",
    "licence": "MIT. Trained by this project, on music that it synthesized",
    "licenceClass": "own",
    "licenceSource": "engine/training/README.md",
    "licenceReadOn": "2026-11-29",
    "overlap": 0.25,
    "relativeCost": 0.2
  }
];

/** Recipes with models that are not in the catalogue: their weights are known once a worker has them. */
export const OPEN_RECIPES: Readonly<Record<string, readonly string[]>> = {
  "karaoke": [
    "lead_vocals",
    "melband_roformer_kim"
  ]
};
