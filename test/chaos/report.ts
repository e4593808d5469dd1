import type { DrillResult } from './drill.js';
import { INTENTS } from './clients/visit-plan.js';
import { RULES, type Rule } from './violations.js';

/** The run as Markdown: what was done to the service, what clients did, and what did not hold. */
export function reportOf(result: DrillResult): string {
  const { options, visits, faults, spoiled, ledger, violations, seconds, smallDisks, folder } = result;
  const { songs, minutes, seed, storage } = options;
  const inflicted = faults.filter(({ hit }) => hit);
  const kinds = [...new Set(faults.map(({ fault }) => fault.kind))].sort();
  const failed = faults.filter(({ error }) => error !== undefined);
  return [
    `## Seed ${seed}, ${storage}`,
    '',
    `\`npm run test:chaos -- --songs ${songs} --minutes ${minutes} --seed ${seed} --storage ${storage}\`: ` +
      `${inflicted.length} faults, ${visits.length} visits, **${violations.all.length} violations**. ` +
      `It settled ${seconds.settle.toFixed(0)} s after the last fault and took ${seconds.all.toFixed(0)} s in all.` +
      (smallDisks ? '' : ' This machine does not let users mount: no disk was filled.'),
    '',
    table(
      ['fault', 'planned', 'hit', 'store calls spoiled'],
      kinds.map((kind) => {
        const planned = faults.filter(({ fault }) => fault.kind === kind);
        const hits = [...spoiled].find(([name]) => kind === `S3: ${name}`)?.[1];
        return [kind, planned.length, planned.filter(({ hit }) => hit).length, hits ?? ''];
      }),
    ),
    table(
      ['clients that', 'visits'],
      INTENTS.map((intent) => [intent, visits.filter((visit) => visit.intent === intent).length]),
    ),
    table(
      ['answer', 'times'],
      [...ledger.answers].sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
    table(
      ['what must hold', 'violations'],
      Object.entries(RULES).map(([rule, text]) => [text, violations.of(rule as Rule).length]),
    ),
    ...list('Violations', violations.all),
    ...list(
      'Faults that could not be made',
      failed.map(({ fault, error }) => `${fault.kind} ${fault.server ?? ''}: ${error}`),
    ),
    ...(folder === undefined ? [] : [`Logs and objects: ${folder}`, '']),
  ].join('\n');
}

function list(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`### ${title}`, '', ...items.map((item) => `- ${item.replaceAll('\n', ' ')}`), ''];
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
