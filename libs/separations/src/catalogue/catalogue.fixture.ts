// what is made of the engine's catalogue; `npm run catalogue` writes it
import { readFile } from 'node:fs/promises';
import type { LicenceClass, ModelDescription } from '../index.js';

export const CATALOGUE = 'engine/src/separation_engine/models/catalogue.json';
export const GENERATED = 'libs/separations/src/catalogue/models.generated.ts';

export interface CatalogueModel {
  readonly name: string;
  readonly stems: readonly string[];
  readonly gflopPerSecond: number | null;
  readonly relativeCost?: number;
  readonly networks: readonly { readonly signature: string }[];
  readonly licence: {
    readonly class: LicenceClass;
    readonly text: string;
    readonly source: string;
    readonly readOn: string;
  };
}

export async function readCatalogue(): Promise<readonly CatalogueModel[]> {
  const { models } = JSON.parse(await readFile(CATALOGUE, 'utf8')) as { models: readonly CatalogueModel[] };
  return models;
}

/** The source text of the list that TypeScript has of the models. */
export async function generatedModels(): Promise<string> {
  const models = await readCatalogue();
  const reference = models.find(({ name }) => name === 'htdemucs')?.gflopPerSecond ?? Number.NaN;
  const described = models.map((model) => describeModel(model, reference));
  return `// written by \`npm run catalogue\`
import type { ModelDescription } from '../documents/model.js';

export const MODELS: readonly ModelDescription[] = ${JSON.stringify(described, undefined, 2)};
`;
}

function describeModel(model: CatalogueModel, reference: number): ModelDescription {
  const { name, stems, networks, licence } = model;
  return {
    name,
    stems: [...stems],
    weights: networks.map(({ signature }) => signature).join('+'),
    licence: licence.text,
    licenceClass: licence.class,
    licenceSource: licence.source,
    licenceReadOn: licence.readOn,
    relativeCost: model.relativeCost ?? (model.gflopPerSecond ?? Number.NaN) / reference,
  };
}
