// what is made of the engine's catalogue; `npm run catalogue` writes it
import { readFile } from 'node:fs/promises';
import { sortStems, type LicenceClass, type ModelDescription } from '../index.js';

const TABLE = /(<!-- models:start -->\n).*(<!-- models:end -->)/s;

export const CATALOGUE = 'engine/src/separation_engine/models/catalogue.json';
const GENERATED = 'libs/separations/src/catalogue/models.generated.ts';

/** What is made of the catalogue: its file, and how. */
export const MADE: readonly (readonly [file: string, make: (models: Models, old: string) => string])[] = [
  [GENERATED, generatedModels],
  ['charts/music-separation/files/licences.json', chartLicences],
  ...['README.md', 'docs/models.md', 'charts/music-separation/README.md'].map((page) => [page, withTable] as const),
];

type Models = readonly CatalogueModel[];

interface CatalogueModel {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  readonly stems: readonly string[];
  readonly gflopPerSecond: number | null;
  readonly relativeCost?: number;
  readonly networks: readonly { readonly signature: string; readonly bytes: number | null }[];
  readonly licence: {
    readonly class: LicenceClass;
    readonly text: string;
    readonly source: string;
    readonly readOn: string;
  };
}

export async function readCatalogue(): Promise<Models> {
  const { models } = JSON.parse(await readFile(CATALOGUE, 'utf8')) as { models: Models };
  return models;
}

/** The list that TypeScript has of the models. */
function generatedModels(models: Models): string {
  const described = models.map((model) => describeModel(model, referenceOf(models)));
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
    relativeCost: costOf(model, reference),
  };
}

/** The classes that the chart checks. */
function chartLicences(models: Models): string {
  const rows = models.map(({ name, licence }) => [name, { class: licence.class, source: licence.source }] as const);
  return `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`;
}

function withTable(models: Models, page: string): string {
  const rows = models.map((model) => [
    `\`${model.name}\``,
    [model.title, ...(model.note === undefined ? [] : [model.note])].join('; '),
    sortStems([...model.stems]).join(', '),
    String(costOf(model, referenceOf(models))),
    sizeOf(model),
    model.licence.class,
  ]);
  const header = ['name', 'model', 'stems', 'cost', 'size', 'license'];
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const lines = [header, widths.map((width) => '-'.repeat(width)), ...rows].map(line);
  return page.replace(TABLE, (_all, start: string, end: string) => `${start}\n${lines.join('')}\n${end}`);
}

function sizeOf({ networks }: CatalogueModel): string {
  const bytes = networks.reduce((sum, network) => sum + (network.bytes ?? Number.NaN), 0);
  return Number.isNaN(bytes) ? 'unknown' : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}

function costOf(model: CatalogueModel, reference: number): number {
  return model.relativeCost ?? Math.round(((model.gflopPerSecond ?? Number.NaN) / reference) * 10) / 10;
}

/** arithmetic of the model whose cost is 1 */
function referenceOf(models: Models): number {
  return models.find(({ name }) => name === 'htdemucs')?.gflopPerSecond ?? Number.NaN;
}
