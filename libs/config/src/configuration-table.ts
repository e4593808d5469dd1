import { apps } from './apps.js';
import { variablesOf, type DescribedVariable } from './load.js';

const TABLE = /(<!-- configuration:start -->\n).*(<!-- configuration:end -->)/s;
const HEADER = ['Variable', 'Default', 'Allowed', 'Meaning', 'Read by'];

/** The variables of all apps, and the apps that read each. */
export function configurationVariables(): (DescribedVariable & { readonly readBy: readonly string[] })[] {
  const reads = Object.entries(apps).flatMap(([app, schema]) =>
    [...variablesOf(schema).values()].map((variable) => ({ app, variable })),
  );
  const byName = new Map(reads.map(({ variable }) => [variable.name, variable]));
  return [...byName.values()].map((variable) => {
    const readBy = reads.filter((read) => read.variable.name === variable.name).map(({ app }) => app);
    return { ...variable, readBy: [...new Set(readBy)] };
  });
}

/** Updates the table of variables in a page. */
export function withConfigurationTable(markdown: string): string {
  return markdown.replace(TABLE, (_all, start: string, end: string) => `${start}\n${table()}\n${end}`);
}

function table(): string {
  const rows = configurationVariables().map(({ name, default: unset, required, allowed, meaning, readBy }) => [
    `\`${name}\``,
    unset ? `\`${unset}\`` : required ? `required ${required}` : '–',
    allowed ?? '–',
    meaning,
    readBy.length === Object.keys(apps).length ? 'all' : readBy.join(', '),
  ]);
  const widths = HEADER.map((title, column) =>
    Math.max(...[HEADER, ...rows].map((row) => row[column]?.length ?? title.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return [HEADER, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}
