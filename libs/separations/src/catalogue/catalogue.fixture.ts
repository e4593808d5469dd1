// what is made of the engine's catalogue; `npm run catalogue` writes it
import { readFile } from 'node:fs/promises';
import { sortStems, type LicenceClass, type ModelDescription } from '../index.js';

const TABLE = /(<!-- models:start -->\n).*(<!-- models:end -->)/s;

export const CATALOGUE = 'engine/src/separation_engine/models/catalogue.json';
const GENERATED = 'libs/separations/src/catalogue/models.generated.ts';

/** What is made of the catalogue: its file, and how. */
export const MADE: readonly (readonly [file: string, make: (catalogue: Catalogue, old: string) => string])[] = [
  [GENERATED, generatedModels],
  ['charts/music-separation/files/licences.json', chartLicences],
  ...['README.md', 'docs/models.md', 'charts/music-separation/README.md'].map((page) => [page, withTable] as const),
];

type Models = readonly CatalogueModel[];

/** a recipe has the license of its strictest model */
const STRICTNESS: readonly LicenceClass[] = ['own', 'permissive', 'copyleft', 'non-commercial', 'none-stated'];

interface CatalogueModel {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  readonly stems: readonly string[];
  readonly overlap: number;
  readonly gflopPerSecond: number | null;
  readonly relativeCost?: number;
  readonly networks: readonly {
    readonly signature: string;
    readonly bytes: number | null;
    readonly stems?: readonly string[];
  }[];
  readonly licence: {
    readonly class: LicenceClass;
    readonly text: string;
    readonly source: string;
    readonly readOn: string;
  };
}

/** A model that is made of others. */
interface CatalogueRecipe {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  readonly overlap: number;
  readonly nodes: readonly { readonly model: string; readonly stems: readonly string[] }[];
  readonly outputs: Readonly<Record<string, string>>;
}

interface Catalogue {
  readonly models: readonly CatalogueModel[];
  readonly recipes: readonly CatalogueRecipe[];
}

export async function readCatalogue(): Promise<Catalogue> {
  return JSON.parse(await readFile(CATALOGUE, 'utf8')) as Catalogue;
}

/** The list that TypeScript has of the models. */
function generatedModels({ models, recipes }: Catalogue): string {
  const described = describeAll({ models, recipes });
  const others = recipes.filter(({ name }) => !described.some((known) => known.name === name));
  const needs = Object.fromEntries(others.map(({ name, nodes }) => [name, nodes.map(({ model }) => model)]));
  return `// written by \`npm run catalogue\`
import type { ModelDescription } from '../documents/model.js';

export const MODELS: readonly ModelDescription[] = ${JSON.stringify(described, undefined, 2)};

/** Recipes with models that are not in the catalogue: their weights are known once a worker has them. */
export const OPEN_RECIPES: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(needs, undefined, 2)};
`;
}

/** The models, and the recipes whose models are all known. */
function describeAll({ models, recipes }: Catalogue): ModelDescription[] {
  const described = models.map((model) => describeModel(model, referenceOf(models)));
  return [...described, ...recipes.flatMap((recipe) => describeRecipe(recipe, models, described) ?? [])];
}

/** undefined if one of its models is not in the catalogue */
function describeRecipe(
  { name, overlap, nodes, outputs }: CatalogueRecipe,
  models: readonly CatalogueModel[],
  described: readonly ModelDescription[],
): ModelDescription | undefined {
  const parts = nodes.flatMap(({ model, stems }) => {
    const [row, description] = [models.find((one) => one.name === model), described.find((one) => one.name === model)];
    if (row === undefined || description === undefined) return [];
    const networks = row.networks.filter((one) => one.stems?.some((stem) => stems.includes(stem)) !== false);
    const share = networks.length / row.networks.length;
    return [{ description, cost: description.relativeCost * share, signatures: networks.map((one) => one.signature) }];
  });
  const [first, ...others] = parts;
  if (first === undefined || parts.length < nodes.length) return undefined;
  const strictest = others.reduce((one, other) => (rank(other) > rank(one) ? other : one), first);
  const { licence, licenceClass, licenceSource, licenceReadOn } = strictest.description;
  return {
    name,
    stems: Object.keys(outputs),
    weights: [...new Set(parts.flatMap(({ signatures }) => signatures))].join('+'),
    licence,
    ...(licenceClass !== undefined && { licenceClass }),
    ...(licenceSource !== undefined && { licenceSource }),
    ...(licenceReadOn !== undefined && { licenceReadOn }),
    overlap,
    relativeCost: parts.reduce((sum, { cost }) => sum + cost, 0),
  };
}

/** of the class of a license: how much it asks of whoever uses the model */
function rank({ description }: { readonly description: ModelDescription }): number {
  return STRICTNESS.indexOf(description.licenceClass ?? 'none-stated');
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
    overlap: model.overlap,
    relativeCost: costOf(model, reference),
  };
}

/** The classes that the chart checks. */
function chartLicences(catalogue: Catalogue): string {
  const rows = describeAll(catalogue).map(
    ({ name, licenceClass, licenceSource }) => [name, { class: licenceClass, source: licenceSource }] as const,
  );
  return `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`;
}

function withTable({ models, recipes }: Catalogue, page: string): string {
  const described = describeAll({ models, recipes });
  const rows = [...models, ...recipes].map(({ name, title, note, ...of }) => {
    const known = described.find((model) => model.name === name);
    const needed =
      'networks' in of ? [of] : models.filter((model) => of.nodes.some((node) => node.model === model.name));
    return [
      `\`${name}\``,
      [title, ...(note === undefined ? [] : [note])].join('; '),
      sortStems('networks' in of ? [...of.stems] : Object.keys(of.outputs)).join(', '),
      String(known?.relativeCost ?? 'unknown'),
      known === undefined ? 'unknown' : sizeOf(needed.flatMap(({ networks }) => networks)),
      known?.licenceClass ?? "your model's",
    ];
  });
  const header = ['name', 'model', 'stems', 'cost', 'size', 'license'];
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const lines = [header, widths.map((width) => '-'.repeat(width)), ...rows].map(line);
  return page.replace(TABLE, (_all, start: string, end: string) => `${start}\n${lines.join('')}\n${end}`);
}

function sizeOf(networks: CatalogueModel['networks']): string {
  const bytes = networks.reduce((sum, network) => sum + (network.bytes ?? Number.NaN), 0);
  return Number.isNaN(bytes) ? 'unknown' : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}

/** @throws Error where the catalogue has neither a cost nor the arithmetic that it follows from */
function costOf(model: CatalogueModel, reference: number): number {
  const cost = model.relativeCost ?? Math.round((arithmeticOf(model) / reference) * 10) / 10;
  if (!(cost > 0)) throw new Error(`${model.name} costs ${cost}`);
  return cost;
}

/** arithmetic of the model whose cost is 1 */
function referenceOf(models: Models): number {
  const reference = models.find(({ name }) => name === 'htdemucs');
  if (reference === undefined) throw new Error('the catalogue has no htdemucs, whose cost is 1');
  return arithmeticOf(reference);
}

function arithmeticOf({ name, gflopPerSecond }: CatalogueModel): number {
  if (gflopPerSecond === null) throw new Error(`the catalogue has no gflopPerSecond of ${name}`);
  return gflopPerSecond;
}
